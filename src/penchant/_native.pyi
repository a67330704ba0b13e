"""Native core of penchant. Only penchant._kernels imports it."""

import enum
from collections.abc import Sequence
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray

class Rows:
    def __init__(
        self,
        indptr: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        indices: Annotated[
            NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
    ) -> None: ...

class SparseMatrix:
    def __init__(
        self,
        indptr: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        indices: Annotated[
            NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        values: Annotated[
            NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ]
        | None,
    ) -> None: ...

@overload
def block_product(
    matrix: SparseMatrix,
    block: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    validated: bool,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def block_product(
    matrix: SparseMatrix,
    block: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    validated: bool,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def bootstrap_sums(
    values: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    seed: int,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def nearest_by_cooccurrence(
    left: Rows,
    right: Rows,
    *,
    common: Annotated[
        NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    source: Annotated[
        NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    target: Annotated[
        NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    exclude: Rows,
    codes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order="C", device="cpu")],
    scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    validated: bool,
    threads: int,
) -> None: ...

class ElasticNetWeights:
    def __init__(
        self,
        gram: SparseMatrix,
        l2: Annotated[
            NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        *,
        l1: float,
        nonnegative: bool,
        gram_nonnegative: bool,
        max_candidates: int,
        tolerance: float,
        max_sweeps: int,
        begin: int,
        end: int,
        validated: bool,
        threads: int,
    ) -> None: ...
    @property
    def n_entries(self) -> int: ...
    @property
    def n_unfinished(self) -> int: ...
    def write(
        self,
        *,
        indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
        indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
        values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    ) -> None: ...

class Fusion(enum.Enum):
    none = 0

    z_score = 1

    min_max = 2

    rank = 3

    top_mean = 4

def fused_scores(
    parts: Sequence[
        Annotated[
            NDArray[numpy.float32],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ]
    ],
    weights: Sequence[float],
    *,
    seen: Rows,
    fusion: Fusion,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def current_isa() -> str: ...
def set_isa(name: str) -> None: ...
def available_isas() -> list[str]: ...

class MergePolicy(enum.Enum):
    binary = 0

    sum = 1

    max = 2

    mean = 3

    last = 4

class LineLayout:
    def __init__(
        self, *, sep: str, width: int, user: int, item: int, value: int = -1, time: int = -1
    ) -> None: ...

class LineCounts:
    @property
    def lines(self) -> int: ...
    @property
    def valid(self) -> int: ...
    @property
    def blank(self) -> int: ...
    @property
    def zeros(self) -> int: ...
    @property
    def irregular(self) -> int: ...

class Merged:
    @property
    def pairs(self) -> int: ...
    @property
    def cancelled(self) -> int: ...
    @property
    def overflowed(self) -> int: ...
    @property
    def duplicate_user(self) -> int: ...
    @property
    def duplicate_item(self) -> int: ...
    @property
    def duplicate_rows(self) -> int: ...

class LogReader:
    def __init__(self, *, valued: bool, timed: bool, memory: int) -> None: ...
    def read(
        self, path: bytes, *, begin: int, end: int, layout: LineLayout, chunk: int, threads: int
    ) -> bool: ...
    def take_irregular(self) -> tuple[bytes, bytes]: ...
    def fill(
        self,
        irregular: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        *,
        users: str,
        items: str,
        values: Annotated[
            NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ]
        | None,
        times: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ]
        | None,
    ) -> None: ...
    def counts(self) -> LineCounts: ...
    def sort_ids(self, threads: int) -> None: ...
    @property
    def n_users(self) -> int: ...
    @property
    def n_items(self) -> int: ...
    def users(self) -> bytes: ...
    def items(self) -> bytes: ...
    def merge(
        self,
        policy: MergePolicy,
        *,
        indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
        indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
        values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
        times: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")] | None,
        threads: int,
    ) -> Merged: ...

def ranking_gains(
    lists: Rows,
    relevant: Rows,
    *,
    k: int,
    n_items: int,
    hits: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    first: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    dcg: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu")],
    precisions: Annotated[NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
def quantize_previous(
    X: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    values: Annotated[NDArray[numpy.int16], dict(shape=(None, None), order="C", device="cpu")],
    row_max: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
def extrapolate(
    X: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    *,
    values: Annotated[NDArray[numpy.int16], dict(shape=(None, None), order="C", device="cpu")],
    row_max: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    rotation: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ]
    | None,
    momentum: float,
    threads: int,
) -> None: ...

class PruneMode(enum.Enum):
    automatic = 0

    never = 1

    always = 2

class FactorIndex32:
    def __init__(
        self,
        items: Annotated[
            NDArray[numpy.float32],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ],
        *,
        threads: int,
    ) -> None: ...
    @property
    def n_bytes(self) -> int: ...

@overload
def factor_top_k(
    queries: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    exclude: Rows,
    allow: Rows | None,
    codes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order="C", device="cpu")],
    scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    prune: PruneMode,
    index: FactorIndex32 | None,
    threads: int,
) -> None: ...
@overload
def factor_top_k(
    queries: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    exclude: Rows,
    allow: Rows | None,
    codes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order="C", device="cpu")],
    scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    prune: PruneMode,
    index: FactorIndex64 | None,
    threads: int,
) -> None: ...

class FactorIndex64:
    def __init__(
        self,
        items: Annotated[
            NDArray[numpy.float64],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ],
        *,
        threads: int,
    ) -> None: ...
    @property
    def n_bytes(self) -> int: ...

class RankingLoss(enum.Enum):
    warp = 0

    bpr = 1

    logistic = 2

    k_os_warp = 3

class RankingExamples:
    def __init__(
        self,
        users: Annotated[
            NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        items: Annotated[
            NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        weights: Annotated[
            NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
    ) -> None: ...

class RankingSide:
    def __init__(
        self,
        *,
        vectors: Annotated[
            NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")
        ],
        squares: Annotated[
            NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")
        ],
        steps: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")]
        | None,
        features: SparseMatrix | None,
        regularization: float,
    ) -> None: ...

class RankingSettings:
    def __init__(
        self,
        *,
        loss: RankingLoss,
        factors: int,
        learning_rate: float,
        rho: float,
        epsilon: float,
        max_sampled: int,
        negatives: int,
        k: int,
        n: int,
        batch: int,
        seed: int,
        hogwild: bool,
    ) -> None: ...
    @property
    def factors(self) -> int: ...

class RankingFoldIn:
    def __init__(self, *, regularization: float, adadelta: bool, passes: int) -> None: ...

def ranking_granule() -> int: ...
def ranking_epoch(
    examples: RankingExamples,
    *,
    likes: Rows,
    pool: Annotated[
        NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    users: RankingSide,
    items: RankingSide,
    settings: RankingSettings,
    threads: int,
) -> float: ...
def ranking_fold_in(
    histories: SparseMatrix,
    *,
    pool: Annotated[
        NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    fold_in: RankingFoldIn,
    settings: RankingSettings,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def factor_ranks(
    queries: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    targets: Rows,
    exclude: Rows,
    above: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    tied: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    candidates: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def factor_ranks(
    queries: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    targets: Rows,
    exclude: Rows,
    above: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    tied: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    candidates: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
def dense_ranks(
    matrix: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    targets: Rows,
    exclude: Rows,
    above: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    tied: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    candidates: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...

class Scan:
    @property
    def lf(self) -> int: ...
    @property
    def cr(self) -> int: ...
    @property
    def crlf(self) -> int: ...
    @property
    def controls(self) -> int: ...
    @property
    def holds_quote(self) -> bool: ...
    @property
    def ends_open(self) -> bool: ...
    @property
    def bad(self) -> int: ...
    @property
    def nul(self) -> int: ...
    @property
    def endless(self) -> int: ...

def scan(
    path: bytes, *, begin: int, end: int, quote: str, longest: int, chunk: int, threads: int
) -> Scan: ...
@overload
def score_pairs(
    queries: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    cells: Rows,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def score_pairs(
    queries: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    cells: Rows,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
def factor_scores(
    queries: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    items: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...

class Solver(enum.Enum):
    exact = 0

    cg = 1

    auto = 2

class WeightedRows:
    def __init__(
        self,
        indptr: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        indices: Annotated[
            NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        confidence_delta: Annotated[
            NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        *,
        n_columns: int,
        whole_indptr: Annotated[
            NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ]
        | None = None,
    ) -> None: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_columns(self) -> int: ...

class RowObjective:
    def __init__(
        self,
        regularization: Annotated[
            NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        *,
        unobserved_weight: float,
        solver: Solver = Solver.exact,
        cg_steps: int = 0,
    ) -> None: ...

def count_exact_rows(
    entries: Annotated[
        NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu", writable=False)
    ],
    *,
    stride: int,
    cg_steps: int,
) -> int: ...
def factor_granule32() -> int: ...

class Spectrum32:
    def __init__(
        self,
        eigenvalues: Annotated[
            NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        eigenvectors: Annotated[
            NDArray[numpy.float32],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ],
    ) -> None: ...

@overload
def gram(
    Y: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    precise: bool,
    threads: int,
) -> None: ...
@overload
def gram(
    Y: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    precise: bool,
    threads: int,
) -> None: ...
@overload
def half_step(
    rows: WeightedRows,
    *,
    fixed: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    spectrum: Spectrum32,
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> tuple[float, float]: ...
@overload
def half_step(
    rows: WeightedRows,
    *,
    fixed: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    spectrum: Spectrum64,
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> tuple[float, float]: ...
@overload
def rotate(
    spectrum: Spectrum32,
    *,
    fixed: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    solved: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def rotate(
    spectrum: Spectrum64,
    *,
    fixed: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    solved: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def solve_rotated(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    spectrum: Spectrum32,
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def solve_rotated(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    spectrum: Spectrum64,
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def whitened_half_step(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    factor: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    inverse: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    workspace: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> tuple[float, float]: ...
@overload
def whitened_half_step(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    factor: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    inverse: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    workspace: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    objective: RowObjective,
    solved: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> tuple[float, float]: ...
@overload
def fold_in(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    spectrum: Spectrum32,
    objective: RowObjective,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def fold_in(
    rows: WeightedRows,
    *,
    fixed: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    spectrum: Spectrum64,
    objective: RowObjective,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
@overload
def observed_loss(
    rows: WeightedRows,
    *,
    X: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    Y: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    unobserved_weight: float,
    threads: int,
) -> float: ...
@overload
def observed_loss(
    rows: WeightedRows,
    *,
    X: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    Y: Annotated[
        NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    unobserved_weight: float,
    threads: int,
) -> float: ...
def factor_granule64() -> int: ...

class Spectrum64:
    def __init__(
        self,
        eigenvalues: Annotated[
            NDArray[numpy.float64], dict(shape=(None,), order="C", device="cpu", writable=False)
        ],
        eigenvectors: Annotated[
            NDArray[numpy.float64],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ],
    ) -> None: ...

def sparse_gram(
    X: SparseMatrix,
    *,
    out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def sparse_product(
    left: SparseMatrix,
    right: SparseMatrix,
    *,
    validated: bool,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def sparse_top_k(
    left: SparseMatrix,
    right: SparseMatrix,
    *,
    n_items: int,
    exclude: Rows,
    allow: Rows | None,
    nonzero: bool,
    codes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order="C", device="cpu")],
    scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    validated: bool,
    threads: int,
) -> None: ...
def sparse_ranks(
    left: SparseMatrix,
    right: SparseMatrix,
    *,
    n_items: int,
    targets: Rows,
    exclude: Rows,
    above: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    tied: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    candidates: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
    validated: bool,
    threads: int,
) -> None: ...

class SparseProduct:
    @overload
    def __init__(
        self,
        left: SparseMatrix,
        right: SparseMatrix,
        *,
        n_columns: int,
        exclude: Rows,
        max_entries: int,
        validated: bool,
        threads: int,
    ) -> None: ...
    @overload
    def __init__(
        self,
        dense: Annotated[
            NDArray[numpy.float32],
            dict(shape=(None, None), order="C", device="cpu", writable=False),
        ],
        *,
        threads: int,
    ) -> None: ...
    @property
    def n_entries(self) -> int: ...
    def take(
        self,
        *,
        indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
        columns: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
        values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    ) -> None: ...

def symmetric_product_pays(left: SparseMatrix, right: SparseMatrix) -> bool: ...
def symmetric_product(
    left: SparseMatrix,
    right: SparseMatrix,
    *,
    ratios: Annotated[
        NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu", writable=False)
    ]
    | None,
    out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    threads: int,
) -> None: ...
def dense_top_k(
    matrix: Annotated[
        NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu", writable=False)
    ],
    *,
    exclude: Rows,
    allow: Rows | None,
    codes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order="C", device="cpu")],
    scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order="C", device="cpu")],
    counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
def transpose(
    matrix: SparseMatrix,
    *,
    indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order="C", device="cpu")],
    indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order="C", device="cpu")],
    values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order="C", device="cpu")],
    threads: int,
) -> None: ...
