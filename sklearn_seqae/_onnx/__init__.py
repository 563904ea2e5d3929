"""A fitted network as an ONNX graph; needs the extra ``onnx``, and no TensorFlow."""
