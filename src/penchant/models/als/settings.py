"""The settings that ALS and HybridALS share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from penchant._settings.configurable import Configurable, validate
from penchant._settings.declarations import HalfLife, Setting, Threads
from penchant.errors import SettingsError


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
        Setting(min=1, max=65536, help="Length f of the factor vectors.", tune=(16, 256, "log")),
    ] = 64
    regularization: Annotated[
        float | tuple[float, float],
        Setting(
            min=0,
            help="L2 penalty λ: one number, or a pair for users and items.",
            tune=(1e-3, 100.0, "log"),
        ),
    ] = 0.01
    alpha: Annotated[
        float,
        Setting(
            above=0,
            help="Weight α of an interaction beyond that of an unobserved cell.",
            tune=(0.1, 100.0, "log"),
        ),
    ] = 1.0
    unobserved_weight: Annotated[
        float,
        Setting(
            min=0,
            help="Weight α0 of a cell without an interaction.",
            details="The paper's is 1.",
            tune=(0.01, 1.0, "log"),
            advanced=True,
        ),
    ] = 1.0
    confidence: Annotated[
        Literal["linear", "log", "binary"],
        Setting(
            help="How the weight g of an interaction grows with its value r.",
            details="``'linear'``: r itself, as in the paper; ``'log'``: log(1 + r/ε), the "
            "paper's second form, for counts over several orders of magnitude; ``'binary'``: 1.",
            tune=["linear", "log", "binary"],
        ),
    ] = "linear"
    epsilon: Annotated[
        float, Setting(above=0, help="ε of the logarithmic confidence.", advanced=True)
    ] = 1.0
    regularization_scaling: Annotated[
        float,
        Setting(
            min=0,
            help="Exponent ν of the scaling of λ by frequency; 0: the same λ for all rows.",
            details="λ_u = λ (|S_u| + α0 n)^ν for a user with |S_u| interactions and n items, and "
            "likewise for items.",
            source="Rendle, Krichene, Zhang & Koren 2021, section 3.3",
            tune=(0.0, 1.0),
            advanced=True,
        ),
    ] = 0.0
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
        if self.unobserved_weight == 0 and 0 in self.regularizations():
            raise SettingsError(
                "unobserved_weight=0 needs a regularization above 0: nothing else would hold "
                "the factors in directions that a row's interactions do not reach"
            )

    def regularizations(self) -> tuple[float, float]:
        """Return λ of users and of items."""
        value = self.regularization
        return tuple(value) if isinstance(value, tuple | list) else (value, value)  # type: ignore[return-value]
