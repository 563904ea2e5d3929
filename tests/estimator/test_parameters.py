"""All parameters are documented and validated; what a fit leaves."""

import inspect
from types import SimpleNamespace

from sklearn_seqae import LSTMAutoencoderTransformer


def test_every_parameter_is_documented_and_validated():
    signature = inspect.signature(LSTMAutoencoderTransformer)
    names = set(signature.parameters)
    assert names == set(LSTMAutoencoderTransformer._parameter_constraints)
    section = inspect.getdoc(LSTMAutoencoderTransformer).split("Attributes\n")[0]
    for name in names:
        assert f"\n{name} :" in section, name
    keyword_only = [
        p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY
    ]
    assert set(keyword_only) == names - {"n_components"}


def test_what_a_fit_leaves(fitted_plain, sequences):
    expected = SimpleNamespace(
        patch_size_=1, max_length_=16, n_iter_=2, n_features_in_=2
    )
    for name, value in vars(expected).items():
        assert getattr(fitted_plain, name) == value
        assert type(getattr(fitted_plain, name)) is int
    assert not hasattr(fitted_plain, "feature_names_in_")
