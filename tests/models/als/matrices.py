"""Small dense matrices as interactions."""

from __future__ import annotations

import numpy as np

from penchant.data.ids import IdMap
from penchant.data.interactions import Csr, Interactions


def matrix(dense) -> Interactions:
    dense = np.asarray(dense, dtype=np.float32)
    rows, columns = np.nonzero(dense)
    indptr = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))]).astype(np.int64)
    csr = Csr(indptr, columns.astype(np.int32), dense[rows, columns], dense.shape[1])
    return Interactions(csr, IdMap.range(len(dense), "user"), IdMap.range(dense.shape[1], "item"))
