"""The settings that ALS and HybridALS share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from penchant._settings.configurable import Configurable, validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.errors import SettingsError

SHARE = 10.0
"""The default of ``unobserved_share``."""
LAMBDA, NU = 0.085, 0.75
"""The defaults of ``regularization`` and ``regularization_scaling`` there."""


@dataclass(kw_only=True, eq=False)
class AlsSettings(Configurable):
    """The settings of matrix factorization by alternating least squares.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    factors: Annotated[
        int,
        Setting(min=1, max=65536, help="Length f of the factor vectors.", tune=(16, 512, "log")),
    ] = 256
    regularization: Annotated[
        float | tuple[float, float] | None,
        Setting(
            min=0,
            help="L2 penalty λ: one number, or a pair for users and items. Default: by the data.",
            details="Without any weight given (see ``unobserved_share``) it is 0.085; else 0.01.",
            tune=(1e-3, 100.0, "log"),
        ),
    ] = None
    alpha: Annotated[
        float | None,
        Setting(
            above=0,
            help="Weight α of an interaction beyond that of an unobserved cell. Default: by the "
            "data.",
            details="Without any weight given it makes the mean of α·g(|r|) 1; else the default "
            "is 1.",
            tune=(0.1, 100.0, "log"),
            advanced=True,
        ),
    ] = None
    unobserved_share: Annotated[
        float | None,
        Setting(
            above=0,
            help="Weight of all unobserved cells together, as a multiple of that of all "
            "interactions. Default: 10.",
            details="It takes the place of ``alpha`` and ``unobserved_weight``, and does not "
            "depend on the size of the catalog: α makes an interaction weigh 1 on average, and α0 "
            "is this number times the density, at most 1. The weights are chosen in this way "
            "unless ``alpha``, ``unobserved_weight``, ``regularization`` or "
            "``regularization_scaling`` is given: those of them that are not given are then 1, 1, "
            "0.01 and 0, as in the paper.",
            tune=(0.3, 100.0, "log"),
            advanced=True,
        ),
    ] = None
    unobserved_weight: Annotated[
        float | None,
        Setting(
            min=0,
            help="Weight α0 of a cell without an interaction. Default: by the data.",
            details="See ``unobserved_share``; with another weight given, the paper's, 1.",
            tune=(0.01, 1.0, "log"),
            advanced=True,
        ),
    ] = None
    confidence: Annotated[
        Literal["auto", "linear", "log", "binary"],
        Setting(
            help="How the weight g of an interaction grows with its value r.",
            details="``'linear'``: r itself, as in the paper; ``'log'``: log(1 + r/ε), the "
            "paper's second form, for counts over several orders of magnitude; ``'binary'``: 1; "
            "``'auto'``: ``'log'`` if a few large values would outweigh the others, that is if "
            "(Σ|r|)² is less than a quarter of n Σr² over the n interactions, else "
            "``'linear'``.",
            tune=["linear", "log", "binary"],
        ),
    ] = "auto"
    epsilon: Annotated[
        float, Setting(above=0, help="ε of the logarithmic confidence.", advanced=True)
    ] = 1.0
    regularization_scaling: Annotated[
        float | None,
        Setting(
            min=0,
            help="Exponent ν of the scaling of λ by frequency; 0: the same λ for all rows.",
            details="λ_u = λ (|S_u| + α0 n)^ν for a user with |S_u| interactions and n items, and "
            "likewise for items. Default: 0.75 where the weights are chosen from the data, "
            "see ``unobserved_share``, else 0.",
            source="Rendle, Krichene, Zhang & Koren 2021, section 3.3",
            tune=(0.0, 1.0),
            advanced=True,
        ),
    ] = None
    solver: Annotated[
        Literal["auto", "exact", "cg"],
        Setting(
            help="Solver of a row: exact, conjugate gradients (cg), or the cheaper one (auto).",
            source="Takács, Pilászy & Tikk 2011",
            advanced=True,
        ),
    ] = "auto"
    cg_steps: Annotated[
        int, Setting(min=1, help="Steps of conjugate gradients per row and epoch.", advanced=True)
    ] = 3
    momentum: Annotated[
        float,
        Setting(
            min=0,
            below=1,
            reason="the factors would never settle",
            help="Largest extrapolation step of the side that is solved first; 0: none.",
            details="Fewer epochs then lead to the same loss, see "
            ":class:`penchant.models.als.momentum.Momentum`. With 0, plain alternating least "
            "squares, the loss of the exact solver never rises from one epoch to the next.",
            advanced=True,
        ),
    ] = 0.9
    iterations: Annotated[
        int,
        Setting(
            min=1,
            help="Number of training epochs.",
            details="In an epoch one side is solved with the other fixed, then the other; the "
            "smaller side (fewer users, or fewer items) goes first.",
        ),
    ] = 15
    dtype: Annotated[
        Literal["float32", "float64"], Setting(help="Type of the factors.", advanced=True)
    ] = "float32"
    seed: Annotated[
        int,
        Setting(
            min=0,
            help="Seed of the first vectors of the larger side, N(0, 0.1/√f).",
            details="The same seed and data give the same factors, bit for bit, with any number of "
            "threads.",
        ),
    ] = 0
    half_life: HalfLife = None
    threads: Threads = None

    def __post_init__(self) -> None:
        validate(self)
        if self.unobserved_share is not None:
            for name in ("alpha", "unobserved_weight"):
                if getattr(self, name) is not None:
                    raise SettingsError(
                        f"unobserved_share takes the place of {name}: give one of them"
                    )
        if self.unobserved_weight == 0 and 0 in as_pair(self.regularization):
            raise SettingsError(
                "unobserved_weight=0 needs a regularization above 0: nothing else would hold "
                "the factors in directions that a row's interactions do not reach"
            )

    @property
    def weights_are_given(self) -> bool:
        """Whether a weight is given, so that the others are those of the paper."""
        if self.unobserved_share is not None:
            return False
        weights = self.alpha, self.unobserved_weight
        penalty = self.regularization, self.regularization_scaling
        return any(value is not None for value in (*weights, *penalty))


def as_pair(value: float | tuple[float, float] | None) -> tuple[float | None, float | None]:
    """Return λ of users and of items."""
    if isinstance(value, tuple | list):
        users, items = value
        return users, items
    return value, value
