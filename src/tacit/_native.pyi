"""What the extension offers; see kernels.py, its only importer."""

from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

# --- isa --------------------------------------------------------------------------

def current_isa() -> str: ...
def available_isas() -> list[str]: ...
def set_isa(name: str) -> None: ...

# --- solve ------------------------------------------------------------------------

def gram(Y: Any, out: F64, threads: int) -> None: ...
def half_step(
    indptr: I64,
    indices: I32,
    excess: F32,
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
def observed_loss(
    indptr: I64,
    indices: I32,
    excess: F32,
    X: Any,
    Y: Any,
    unobserved_weight: float,
    threads: int,
) -> float: ...
