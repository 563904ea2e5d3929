"""The engines that run the layers of the forward pass."""
