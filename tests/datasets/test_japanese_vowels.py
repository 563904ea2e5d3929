import numpy as np
import pandas as pd
import pytest

from sklearn_seqae.datasets import load_japanese_vowels


@pytest.fixture(scope="module")
def data():
    return load_japanese_vowels()


def test_has_the_published_sizes(data):
    assert len(data.X_train) == len(data.y_train) == 270
    assert len(data.X_test) == len(data.y_test) == 370
    lengths = [len(x) for x in data.X_train + data.X_test]
    assert (min(lengths), max(lengths)) == (7, 29)
    for x in data.X_train + data.X_test:
        assert x.shape[1] == 12
        assert x.dtype == np.float64
        assert np.isfinite(x).all()


def test_has_the_published_number_of_utterances_of_each_speaker(data):
    # ae.train and size_ae.test of the UCI archive
    assert np.bincount(data.y_train).tolist() == [30] * 9
    assert np.bincount(data.y_test).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_has_the_published_values(data):
    # the first lines of ae.train and ae.test of the UCI archive
    first_train = [1.860936, -0.207383, 0.261557, -0.214562, -0.171253, -0.118167]
    first_test = [1.635533, 0.024848, 0.432087, -0.361914, -0.074776, -0.693481]
    assert data.X_train[0][0, :6].tolist() == first_train
    assert data.X_test[0][0, :6].tolist() == first_test


def test_names_and_description_are_complete(data):
    assert len(data.feature_names) == 12
    assert len(data.target_names) == 9
    assert set(data.y_train) == set(data.y_test) == set(range(9))
    for fact in ["Kudo, J. Toyama and M. Shimbo (1999)", "UCI", "CC BY 4.0"]:
        assert fact in data.DESCR


def test_return_x_y_gives_the_same_data(data):
    X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
    for ours, theirs in [(X_train, data.X_train), (X_test, data.X_test)]:
        assert isinstance(ours, list)
        for x, x_data in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(x, x_data)
    np.testing.assert_array_equal(y_train, data.y_train)
    np.testing.assert_array_equal(y_test, data.y_test)


@pytest.mark.parametrize("part", ["train", "test"])
def test_as_frame_gives_the_same_data_as_long_tables(data, part):
    frames = load_japanese_vowels(as_frame=True)
    X, y = frames[f"X_{part}"], frames[f"y_{part}"]
    assert isinstance(X, pd.DataFrame)
    assert X.index.names == ["utterance", "frame"]
    assert X.index.is_unique
    assert list(X.columns) == data.feature_names
    groups = [group.to_numpy() for _, group in X.groupby(level="utterance")]
    for group, x in zip(groups, data[f"X_{part}"], strict=True):
        np.testing.assert_array_equal(group, x)
    for length, (_, group) in zip(
        map(len, data[f"X_{part}"]), X.groupby(level="utterance"), strict=True
    ):
        assert group.index.get_level_values("frame").tolist() == list(range(length))
    assert y.index.tolist() == X.index.unique("utterance").tolist()
    np.testing.assert_array_equal(y, data[f"y_{part}"])


def test_as_frame_gives_train_and_test_different_utterances():
    X_train, X_test, y_train, y_test = load_japanese_vowels(
        return_X_y=True, as_frame=True
    )
    assert pd.concat([X_train, X_test]).index.is_unique
    assert pd.concat([y_train, y_test]).index.tolist() == list(range(640))
    # no stale ids of the other part, which group-by would show as empty groups
    assert X_train.index.levels[0].tolist() == y_train.index.tolist()


def test_changing_what_was_returned_does_not_change_the_next_call(data):
    changed = load_japanese_vowels()
    changed.X_train[0][:] = 0
    changed.feature_names.clear()
    fresh = load_japanese_vowels()
    np.testing.assert_array_equal(fresh.X_train[0], data.X_train[0])
    assert fresh.feature_names == data.feature_names


def test_wrong_argument_is_named():
    with pytest.raises(ValueError, match="'as_frame' parameter of load_japanese"):
        load_japanese_vowels(as_frame="yes")
