"""How well scores by step tell what is wrong: the higher, the more unusual.

VUS-PR is that of Paparrizos et al. (2022, PVLDB 15(11)), as in aeon's
`range_pr_vus_score`, which the tests compare it with. Event-wise F1 is the composite
F-score of Garg et al. (2021, IEEE TNNLS 33(6)), the best over all thresholds.
"""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]  # (n_timesteps,)
Labels = NDArray[np.bool_]  # (n_timesteps,)

N_THRESHOLDS = 250  # as in the authors' program


def events(labels: Labels) -> list[slice]:
    """Stretches that are labelled."""
    change = np.diff(np.concatenate([[0], labels > 0, [0]]).astype(int))
    ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return [slice(int(a), int(b)) for a, b in zip(*ends, strict=True)]


def vus_pr(labels: Labels, scores: Scores, largest: int) -> float:
    """Mean area under the range-based PR curve, for slopes from 0 to `largest`."""
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    at = np.linspace(0, len(scores) - 1, N_THRESHOLDS, dtype=int)
    # Steps at or above each threshold
    counts = np.searchsorted(-descending, -descending[at], side="right")
    areas = []
    for width in range(largest + 1):
        weights = _sloped(labels, width)
        found = np.cumsum(weights[order])[counts - 1]
        stretches = events(weights > 0) if width > 1 else events(labels)
        peaks = np.array([scores[stretch].max() for stretch in stretches])
        share = (peaks >= descending[at][:, None]).mean(axis=1)
        positive = (labels.sum() + weights.sum()) / 2
        recall = np.concatenate([[0], np.minimum(found / positive, 1) * share])
        precision = np.concatenate([[1], found / counts])
        areas.append(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))
    return float(np.mean(areas))


def _sloped(labels: Labels, width: int) -> Scores:
    """Labels that fall off before and behind an event."""
    weights = labels.astype(float)
    if width <= 1:
        return weights
    slope = np.sqrt(1 - np.arange(width // 2 + 1) / width)
    for event in events(labels):
        after = weights[event.stop - 1 : event.stop - 1 + width // 2]
        after += slope[: len(after)]
        before = weights[max(event.start - width // 2, 0) : event.start]
        before += slope[1:][: len(before)][::-1]
    return weights.clip(0, 1)


def event_f1(labels: Labels, scores: Scores, margin: int) -> float:
    """Best F1 of the share of events found and the share of steps reported rightly.

    Steps up to `margin` before or after an event are neither right nor wrong.
    """
    stretches = events(labels)
    near = np.zeros(len(labels), bool)
    for event in stretches:
        near[max(event.start - margin, 0) : event.stop + margin] = True
    # A step near an event may find it
    peaks = [
        scores[max(event.start - margin, 0) : event.stop + margin].max()
        for event in stretches
    ]
    best = 0.0
    for threshold in sorted(peaks):
        recall = np.mean(np.array(peaks) >= threshold)
        reported = scores >= threshold
        right = (reported & labels).sum()
        wrong = (reported & ~near).sum()
        right = max(int(right), 1)
        precision = right / (right + wrong)
        best = max(best, float(2 * precision * recall / (precision + recall)))
    return best
