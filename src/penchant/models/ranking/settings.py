"""The settings of Ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from penchant._settings import checks
from penchant._settings.configurable import Configurable, validate
from penchant._settings.declarations import HalfLife, Setting, Threads


@dataclass(kw_only=True, eq=False)
class RankingSettings(Configurable):
    """The settings of learning to rank by stochastic gradient descent.

    Raises
    ------
    SettingsError
        If a setting is out of its range.
    """

    loss: Annotated[
        Literal["warp", "bpr", "logistic", "k-os-warp"],
        Setting(help="Loss of a pair of items.", tune=["warp", "bpr"]),
    ] = "warp"
    factors: Annotated[
        int, Setting(min=1, max=65536, help="Length of the vectors.", tune=(16, 256, "log"))
    ] = 32
    learning_rate: Annotated[
        float, Setting(above=0, help="Learning rate of AdaGrad.", tune=(0.005, 0.2, "log"))
    ] = 0.05
    schedule: Annotated[
        Literal["adagrad", "adadelta"],
        Setting(
            help="How step sizes adapt.",
            source="AdaGrad: Duchi, Hazan & Singer 2011; AdaDelta: Zeiler 2012",
            advanced=True,
        ),
    ] = "adagrad"
    rho: Annotated[
        float, Setting(above=0, below=1, help="Decay rate of AdaDelta.", advanced=True)
    ] = 0.95
    epsilon: Annotated[
        float,
        Setting(above=0, help="Constant under the roots of AdaDelta.", advanced=True),
    ] = 1e-6
    item_regularization: Annotated[
        float,
        Setting(
            min=0,
            help="L2 penalty λ on the item features that an example touches.",
            details="A step of size s also shrinks what it moves by s·λ.",
            tune=(1e-7, 1e-2, "log"),
        ),
    ] = 0.0
    user_regularization: Annotated[
        float,
        Setting(
            min=0,
            help="L2 penalty λ on the user features that an example touches.",
            tune=(1e-7, 1e-2, "log"),
        ),
    ] = 0.0
    k: Annotated[
        int, Setting(min=1, help="k-OS WARP trains the k-th best of n likes.", advanced=True)
    ] = 5
    n: Annotated[
        int,
        Setting(min=1, max=65536, help="Likes that k-OS WARP draws for a step.", advanced=True),
    ] = 10
    max_sampled: Annotated[
        int,
        Setting(min=1, help="Most items that WARP draws for a like.", tune=(5, 100, "log")),
    ] = 10
    negatives: Annotated[
        int,
        Setting(
            min=0,
            max=10_000,
            help="Items that the logistic loss draws as negatives for each like.",
            details="They have weight 1, and an epoch takes so many more steps. 0: the dislikes "
            "alone are negatives.",
            tune=(1, 30, "log"),
        ),
    ] = 10
    confidence: Annotated[
        Literal["binary", "linear", "log"],
        Setting(
            help="How examples weigh by the size of their values.",
            details='``"binary"``: all alike; ``"linear"``: by size; ``"log"``: by log(1 + size). '
            "Weights are divided by their mean.",
        ),
    ] = "binary"
    identity: Annotated[
        bool,
        Setting(
            help="Give each user and item a feature of its own besides the named ones.",
            details="Without it only the named features are learned, and a row without any gets a "
            "zero vector.",
            advanced=True,
        ),
    ] = True
    feature_norm: Annotated[
        Literal["l2", "l1"] | None,
        Setting(
            help="Norm that rows of features are divided by; None: not divided.",
            details="Their own feature is included. It applies where the features have no norm "
            "of their own. Without it rows with many features take large steps, and "
            "quality for known items is lower.",
            advanced=True,
        ),
    ] = "l2"
    batch: Annotated[
        int,
        Setting(
            min=1,
            max=1 << 24,
            unit="examples",
            help="Examples whose gradients are taken at the same vectors.",
            details="An epoch has at least 64 batches, so small data have smaller ones. 1 is plain "
            "sequential descent.",
            advanced=True,
        ),
    ] = 16384
    iterations: Annotated[int, Setting(min=1, help="Number of training epochs.")] = 30
    seed: Annotated[
        int,
        Setting(
            min=0,
            help="Seed of the first vectors, the order of examples and the items drawn.",
            details="The same seed and data give the same result, bit for bit, with any number of "
            "threads (and one instruction set).",
        ),
    ] = 0
    hogwild: Annotated[
        bool,
        Setting(
            help="Update vectors without locks between threads.",
            details="Results then differ from run to run; useful with many threads.",
            source="Niu, Recht, Ré & Wright 2011",
            advanced=True,
        ),
    ] = False
    half_life: HalfLife = None
    threads: Threads = None

    def __post_init__(self) -> None:
        validate(self)
        checks.check_int("k", self.k, 1, self.n)
