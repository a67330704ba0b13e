"""The check that what was learned and what is answered are finite numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penchant._files.arrays import first_not_finite
from penchant.errors import NumericError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penchant.data.interactions import Interactions


def check_learned(arrays: Mapping[str, npt.NDArray[Any]], data: Interactions) -> None:
    """Check what was learned from some interactions.

    Raises
    ------
    NumericError
        If a number is NaN or infinite.
    """
    for name, array in arrays.items():
        if (place := first_not_finite(array)) is not None:
            raise NumericError(
                f"training on {data.name!r} failed: {name} holds {array.reshape(-1)[place]}; "
                f"{advice(data)}"
            )


def check_scores(scores: npt.NDArray[Any], data: Interactions) -> None:
    """Check the numbers of an answer.

    Raises
    ------
    NumericError
        If one is NaN or infinite.
    """
    if np.count_nonzero(np.isfinite(scores)) < scores.size:  # faster than all() for few
        wrong = scores[~np.isfinite(scores)][0]
        raise NumericError(f"a score is {wrong}, beyond what a float32 holds; {advice(data)}")


def check_folded(vectors: npt.NDArray[Any], data: Interactions) -> None:
    """Check vectors that were computed from histories.

    Raises
    ------
    NumericError
        If a number is NaN or infinite.
    """
    if not np.isfinite(vectors).all():
        raise NumericError(
            "the vector of a history is not finite: give it values of the size of those that the "
            f"model was fitted on; {advice(data)}"
        )


def advice(data: Interactions) -> str:
    """Return what to do about values that are too large, with their size."""
    values, what = data.csr.values, "values of the interactions are too large"
    if len(values):
        largest = max(float(values.max()), -float(values.min()))
        what = f"the values of the interactions go up to {largest:.3g}"
    return (
        f"{what}: divide them by their mean, or "
        "use confidence='log' or 'binary' where the model has that setting"
    )
