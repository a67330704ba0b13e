"""What the extension offers; see penchant._kernels, its only importer."""

from typing import Any, overload

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

# --- isa --------------------------------------------------------------------------

def current_isa() -> str: ...
def available_isas() -> list[str]: ...
def set_isa(name: str) -> None: ...

# --- solve ------------------------------------------------------------------------

def float_granule() -> int: ...
def double_granule() -> int: ...
def gram(Y: Any, out: F64, precise: bool, threads: int) -> None: ...
def half_step(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    fixed: Any,
    eigenvalues: F64,
    eigenvectors: Any,
    regularization: F64,
    unobserved_weight: float,
    solver: int,
    cg_steps: int,
    out: Any,
    threads: int,
) -> None: ...
def fold_in(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    fixed: Any,
    eigenvalues: F64,
    eigenvectors: Any,
    regularization: F64,
    unobserved_weight: float,
    out: Any,
    threads: int,
) -> None: ...
def observed_loss(
    indptr: I64,
    indices: I32,
    confidence_delta: F32,
    X: Any,
    Y: Any,
    unobserved_weight: float,
    threads: int,
) -> float: ...
def quantize_previous(X: F32, numbers: I16, largest: F32, threads: int) -> None: ...
def extrapolate(
    X: F32, numbers: I16, largest: F32, turn: F32, momentum: float, threads: int
) -> None: ...

# --- ranking: tables are moved in place ---------------------------------------------

def ranking_granule() -> int: ...
def ranking_epoch(
    users: I32,
    items: I32,
    weights: F32,
    likes_indptr: I64,
    likes: I32,
    pool: I32,
    user_side: tuple[Any, ...],
    item_side: tuple[Any, ...],
    settings: tuple[Any, ...],
    threads: int,
) -> float: ...
def ranking_fold_in(
    indptr: I64,
    indices: I32,
    weights: F32,
    pool: I32,
    items: F32,
    decay: float,
    settings: tuple[Any, ...],
    adadelta: bool,
    passes: int,
    out: F32,
    threads: int,
) -> None: ...

# --- topk, ranks, metrics: the outputs are written in place ------------------------

def factor_top_k(
    queries: Any,
    items: Any,
    exclude_indptr: I64,
    exclude_indices: I32,
    allow_indptr: I64 | None,
    allow_indices: I32 | None,
    codes: I32,
    scores: F32,
    counts: I32,
    prune: int,
    index: FactorIndex32 | FactorIndex64 | None,
    threads: int,
) -> None: ...

class FactorIndex32:
    n_bytes: int

    def __init__(self, items: F32, threads: int) -> None: ...

class FactorIndex64:
    n_bytes: int

    def __init__(self, items: F64, threads: int) -> None: ...

def dense_top_k(
    scores: F32,
    exclude_indptr: I64,
    exclude_indices: I32,
    allow_indptr: I64 | None,
    allow_indices: I32 | None,
    codes: I32,
    out: F32,
    counts: I32,
    threads: int,
) -> None: ...
def score_pairs(
    queries: Any, items: Any, indptr: I64, indices: I32, out: F32, threads: int
) -> None: ...
def factor_ranks(
    queries: Any,
    items: Any,
    target_indptr: I64,
    target_indices: I32,
    exclude_indptr: I64,
    exclude_indices: I32,
    above: I32,
    tied: I32,
    candidates: I64,
    threads: int,
) -> None: ...
def dense_ranks(
    scores: F32,
    target_indptr: I64,
    target_indices: I32,
    exclude_indptr: I64,
    exclude_indices: I32,
    above: I32,
    tied: I32,
    candidates: I64,
    threads: int,
) -> None: ...
def ranking_gains(
    list_indptr: I64,
    list_indices: I32,
    relevant_indptr: I64,
    relevant_indices: I32,
    k: int,
    n_items: int,
    hits: I32,
    first: I32,
    dcg: F64,
    precisions: F64,
    threads: int,
) -> None: ...

# --- sparse_product ---------------------------------------------------------------

def sparse_gram(indptr: I64, indices: I32, values: F32 | None, out: F64, threads: int) -> None: ...
def sparse_product(
    left_indptr: I64,
    left_indices: I32,
    left_values: F32 | None,
    right_indptr: I64,
    right_indices: I32,
    right_values: F32 | None,
    validated: bool,
    out: F32,
    threads: int,
) -> None: ...

# --- spgemm -----------------------------------------------------------------------

class SparseProduct:
    n_entries: int

    @overload
    def __init__(self, dense: F32, threads: int) -> None: ...
    @overload
    def __init__(
        self,
        left_indptr: I64,
        left_indices: I32,
        left_values: F32 | None,
        right_indptr: I64,
        right_indices: I32,
        right_values: F32 | None,
        n_columns: int,
        exclude_indptr: I64,
        exclude_indices: I32,
        max_entries: int,
        validated: bool,
        threads: int,
    ) -> None: ...
    def take(self, indptr: I64, columns: I32, values: F32) -> None: ...

def symmetric_product(
    left_indptr: I64,
    left_indices: I32,
    left_values: F32 | None,
    right_indptr: I64,
    right_indices: I32,
    right_values: F32 | None,
    ratios: F32 | None,
    out: F32,
    threads: int,
) -> None: ...
def symmetric_product_pays(
    left_indptr: I64, left_indices: I32, right_indptr: I64, right_indices: I32
) -> bool: ...

# --- sparse_scores ----------------------------------------------------------------

def sparse_top_k(
    left_indptr: I64,
    left_indices: I32,
    left_values: F32 | None,
    right_indptr: I64,
    right_indices: I32,
    right_values: F32 | None,
    n_items: int,
    exclude_indptr: I64,
    exclude_indices: I32,
    allow_indptr: I64 | None,
    allow_indices: I32 | None,
    nonzero: bool,
    codes: I32,
    out: F32,
    counts: I32,
    validated: bool,
    threads: int,
) -> None: ...
def sparse_ranks(
    left_indptr: I64,
    left_indices: I32,
    left_values: F32 | None,
    right_indptr: I64,
    right_indices: I32,
    right_values: F32 | None,
    n_items: int,
    target_indptr: I64,
    target_indices: I32,
    exclude_indptr: I64,
    exclude_indices: I32,
    above: I32,
    tied: I32,
    candidates: I64,
    validated: bool,
    threads: int,
) -> None: ...

# --- transpose --------------------------------------------------------------------

def transpose(
    indptr: I64,
    indices: I32,
    values: F32,
    out_indptr: I64,
    out_indices: I32,
    out_values: F32,
    threads: int,
) -> None: ...

# --- survey -----------------------------------------------------------------------

class Scan:
    feeds: int
    returns: int
    pairs: int
    controls: int
    holds_quote: bool
    ends_open: bool
    bad: int
    nul: int
    endless: int

def survey(
    path: bytes, begin: int, end: int, quote: str, longest: int, chunk: int, threads: int
) -> Scan: ...

# --- rowlog -----------------------------------------------------------------------

class RowCounts:
    lines: int
    good: int
    blank: int
    zeros: int
    odd: int

class Merged:
    pairs: int
    cancelled: int
    beyond: int
    twice_user: int
    twice_item: int
    twice_rows: int

class LogReader:
    n_users: int
    n_items: int

    def __init__(self, valued: bool, timed: bool, memory: int) -> None: ...
    def read(
        self,
        path: bytes,
        begin: int,
        end: int,
        sep: str,
        width: int,
        user: int,
        item: int,
        value: int,
        time: int,
        chunk: int,
        threads: int,
    ) -> bool: ...
    def take_odd(self) -> tuple[bytes, bytes]: ...
    def fill(
        self, odd: I64, users: str, items: str, values: F64 | None, times: I64 | None
    ) -> None: ...
    def counts(self) -> RowCounts: ...
    def put_in_order(self, threads: int) -> None: ...
    def users(self) -> bytes: ...
    def items(self) -> bytes: ...
    def merge(
        self,
        policy: int,
        indptr: I64,
        indices: I32,
        values: F32,
        times: I64 | None,
        threads: int,
    ) -> Merged: ...

def bootstrap_sums(values: F64, seed: int, out: F64, threads: int) -> None: ...
