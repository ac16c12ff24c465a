"""Three ways from a model's score to a probability; each ends as a curve of points.

A curve is `(scores, probabilities)`, both rising or level, to be read by linear interpolation
and held at its ends. So whoever applies a calibration needs no library but numpy.
"""

from collections.abc import Callable

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

Curve = tuple[np.ndarray, np.ndarray]

MIN_GROUP_ROWS = 15
"""Below this the share of positives in a group is mostly chance."""
NO_PENALTY = 1e6
"""Platt's method has no regularisation; so weak a one cannot be told from none."""
LOGIT_SPAN = 12.0
"""At twelve the probability is within 1e-5 of 0 or 1; beyond it the curve is level."""
LOGIT_STEPS = 193
"""Eighth steps of a logit: straight lines between them are off by less than 0.001."""


def _logit(scores: np.ndarray) -> np.ndarray:
    """Log odds, held inside the span of the curve."""
    edge = 1.0 / (1.0 + np.exp(LOGIT_SPAN))
    kept = np.clip(scores.astype(float), edge, 1.0 - edge)
    return np.log(kept / (1.0 - kept))


def gpa(scores: np.ndarray, labels: np.ndarray) -> Curve:
    """Grouped probability averages: share of positives in groups of rows with like scores."""
    groups = max(2, len(scores) // MIN_GROUP_ROWS)
    rows = np.array_split(np.argsort(scores, kind="stable"), groups)
    means = np.array([scores[group].mean() for group in rows])
    # One positive and one negative are added: a small group proves neither never nor always.
    shares = np.array([(labels[group].sum() + 1) / (len(group) + 2) for group in rows])
    kept = np.unique(means, return_index=True)[1]
    return means[kept], np.maximum.accumulate(shares[kept])


def isotonic(scores: np.ndarray, labels: np.ndarray) -> Curve:
    """The rising step curve with the least squared error."""
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, labels)
    return fitted.X_thresholds_, fitted.y_thresholds_


def platt(scores: np.ndarray, labels: np.ndarray) -> Curve:
    """A logistic curve over the log odds of the score."""
    fitted = LogisticRegression(C=NO_PENALTY).fit(_logit(scores).reshape(-1, 1), labels)
    grid = np.linspace(-LOGIT_SPAN, LOGIT_SPAN, LOGIT_STEPS)
    return 1.0 / (1.0 + np.exp(-grid)), fitted.predict_proba(grid.reshape(-1, 1))[:, 1]


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], Curve]] = {
    "gpa": gpa,
    "isotonic": isotonic,
    "platt": platt,
}


def apply(curve: Curve, scores: np.ndarray) -> np.ndarray:
    """The probability of each score."""
    return np.interp(scores, *curve)
