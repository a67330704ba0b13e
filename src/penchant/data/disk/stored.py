"""Interactions whose arrays are in the files of a data set on disk."""

from __future__ import annotations

import copy
import dataclasses
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from penchant.data.blocks import BlockedMatrix
from penchant.data.csr import Csr
from penchant.data.disk.files import StoredFiles
from penchant.data.ids import IdMap
from penchant.data.interactions import Interactions

_IN_FILES = {"csr", "users", "items", "timestamps"}


class StoredInteractions(Interactions):
    """Interactions of a data set on disk.

    Sizes come from the manifest. Ids and matrices are mapped at their first use; the attribute
    ``blocks`` reads rows without mapping them. Filters and splits return interactions in memory.

    Parameters
    ----------
    files
        The arrays of the data set.
    """

    _files: StoredFiles

    def __init__(self, files: StoredFiles) -> None:
        manifest = files.manifest
        self.__dict__.update(
            _files=files,
            name=manifest.name,
            notes=manifest.lines(),
            steps=manifest.steps,
            report=manifest.report,
        )

    @cached_property
    def csr(self) -> Csr:
        """Users × items, mapped."""
        return self._files.csr("users")

    @cached_property
    def users(self) -> IdMap:
        """The ids of the users, mapped."""
        return IdMap.stored(self._files.ids("users"), "user")

    @cached_property
    def items(self) -> IdMap:
        """The ids of the items, mapped."""
        return IdMap.stored(self._files.ids("items"), "item")

    @cached_property
    def timestamps(self) -> npt.NDArray[np.int64] | None:
        """The timestamps, mapped, or None."""
        return self.csr.times

    @cached_property
    def blocks(self) -> BlockedMatrix:
        """See :attr:`Interactions.blocks`."""
        return BlockedMatrix(self._files.blocks("users"), self._files.blocks("items"))

    @property
    def n_users(self) -> int:
        """The number of users (rows)."""
        return self._files.manifest.sides["users"].n

    @property
    def n_items(self) -> int:
        """The number of items (columns)."""
        return self._files.manifest.sides["items"].n

    @property
    def nnz(self) -> int:
        """The number of different (user, item) pairs."""
        return self._files.manifest.nnz

    @property
    def n_dislikes(self) -> int:
        """The number of negative values."""
        return self._files.manifest.n_dislikes

    @cached_property
    def newest(self) -> int | None:
        """The newest timestamp, or None."""
        return self._files.manifest.newest

    def by_item(self) -> Csr:
        """Return the same entries as items × users, mapped."""
        return self._by_item_csr

    @cached_property
    def _by_item_csr(self) -> Csr:
        return dataclasses.replace(self._files.csr("items"), times=None)

    def _with(self, **parts: Any) -> Interactions:
        if parts.keys() & _IN_FILES:
            fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
            return Interactions(**(fields | parts))
        other = copy.copy(self)
        other.__dict__.update(parts)
        return other

    def __copy__(self) -> StoredInteractions:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy, deep or through pickle, needs: it maps the files itself."""
        mapped = {*_IN_FILES, "blocks", "newest", "_by_item_csr"}
        return {name: part for name, part in self.__dict__.items() if name not in mapped}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
