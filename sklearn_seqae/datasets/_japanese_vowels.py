"""The Japanese Vowels recordings, bundled with the package."""

from importlib.resources import files
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

_FEATURE_NAMES = [f"lpc_cepstrum_{i}" for i in range(1, 13)]
_TARGET_NAMES = [f"speaker_{i}" for i in range(1, 10)]

# X_train, X_test, y_train, y_test: lists and arrays, or frames and series
_Split = tuple[Any, Any, Any, Any]


@overload
def load_japanese_vowels(
    *, return_X_y: Literal[False] = False, as_frame: bool = False
) -> Bunch: ...


@overload
def load_japanese_vowels(
    *, return_X_y: Literal[True], as_frame: bool = False
) -> _Split: ...


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_japanese_vowels(
    *, return_X_y: bool = False, as_frame: bool = False
) -> Bunch | _Split:
    """Load the Japanese Vowels recordings (classification of 9 speakers).

    Nine speakers uttered the Japanese vowels /ae/. Each utterance is a sequence of 7 to
    29 frames of 12 LPC cepstrum coefficients [1]_.

    =================   ==========================
    Classes                                      9
    Sequences           270 to train, 370 to test
    Time steps                             7 to 29
    Features                                    12
    =================   ==========================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(X_train, X_test, y_train, y_test)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, the sequences are long DataFrames: one row for each frame, indexed by
        utterance and frame. The targets are Series, indexed by utterance.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        A dictionary whose keys are also attributes:

        X_train : list of 270 ndarrays of shape (n_timesteps, 12), float64
            The training utterances. If `as_frame=True`, a DataFrame of shape
            (4274, 12) whose index has the levels "utterance" (0 to 269) and "frame".
        X_test : list of 370 ndarrays of shape (n_timesteps, 12), float64
            The test utterances. If `as_frame=True`, a DataFrame of shape (5687, 12)
            whose index has the levels "utterance" (270 to 639) and "frame".
        y_train : ndarray of shape (270,), int64
            The speaker of each training utterance, 0 to 8. If `as_frame=True`, a
            Series named "speaker".
        y_test : ndarray of shape (370,), int64
            The speaker of each test utterance, in the same form.
        feature_names : list of 12 str
            Names of the coefficients.
        target_names : list of 9 str
            Names of the speakers: ``target_names[y]`` is the name of `y`.
        DESCR : str
            Source, content and licence (CC BY 4.0) of the data.
    (X_train, X_test, y_train, y_test) : tuple, if `return_X_y=True`
        The four entries described above, in this order.

    References
    ----------
    .. [1] M. Kudo, J. Toyama and M. Shimbo (1999). Multidimensional curve
       classification using passing-through regions. Pattern Recognition Letters,
       20(11-13), 1103-1111. https://doi.org/10.24432/C5NS47

    Examples
    --------
    >>> from sklearn_seqae.datasets import load_japanese_vowels
    >>> X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
    >>> len(X_train), len(X_test)
    (270, 370)
    >>> [x.shape for x in X_train[:3]]
    [(20, 12), (26, 12), (22, 12)]
    """
    folder = files("sklearn_seqae.datasets") / "data"
    with (folder / "japanese_vowels.npz").open("rb") as file, np.load(file) as stored:
        # Published with six decimals, which the float32 of the file hold exactly.
        values = stored["values"].astype(np.float64).round(6)
        lengths = stored["lengths"].astype(np.int64)
        y = stored["labels"].astype(np.int64) - 1
        n_train = int(stored["train"].sum())  # the training utterances come first

    X: Any = np.split(values, np.cumsum(lengths)[:-1])
    train, test = (X[:n_train], y[:n_train]), (X[n_train:], y[n_train:])
    if as_frame:
        train, test = _as_frames(*train, 0), _as_frames(*test, n_train)
    (X_train, y_train), (X_test, y_test) = train, test
    if return_X_y:
        return X_train, X_test, y_train, y_test
    return Bunch(
        X_train=X_train,
        X_test=X_test,
        y_train=y_train,
        y_test=y_test,
        feature_names=list(_FEATURE_NAMES),
        target_names=list(_TARGET_NAMES),
        DESCR=(folder / "japanese_vowels.rst").read_text(encoding="utf-8"),
    )


def _as_frames(
    X: list[NDArray[np.float64]], y: NDArray[np.int64], first_id: int
) -> tuple[pd.DataFrame, pd.Series]:
    ids = pd.Index(np.arange(first_id, first_id + len(X)), name="utterance")
    frames = [pd.DataFrame(x, columns=_FEATURE_NAMES) for x in X]
    table = pd.concat(frames, keys=ids, names=["utterance", "frame"])
    return table, pd.Series(y, ids, name="speaker")
