"""Read a data set's folder as its record declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from penchant.data.catalog import Catalog
from penchant.data.datasets.registry import Dataset, TableFile
from penchant.data.interactions import Interactions
from penchant.data.io.catalog_tables import read_catalog
from penchant.data.io.read import read_interactions
from penchant.errors import DataError, SettingsError


def read_dataset(dataset: Dataset, folder: Path, min_rating: float | None) -> Interactions:
    """Read the interactions of a folder, and the catalog if its file is present.

    Raises
    ------
    DataError
        If ``min_rating`` is above 0 and the table has no ratings.
    SettingsError
        If ``min_rating`` is not finite.
    """
    log = _first_present(folder, dataset.logs)
    assert log is not None  # the caller has checked dataset.needs
    path = folder / log.name
    if min_rating and "value" not in log.options:
        raise DataError(f"{path} has no ratings, so that min_rating={min_rating:g} can't be met")
    interactions = read_interactions(path, name=dataset.name, **log.options)
    interactions = _at_least(interactions, min_rating)
    table = _first_present(folder, dataset.catalogs)
    if table is None:
        return interactions
    catalog = read_catalog(folder / table.name, **table.options).subset(interactions.items)
    return interactions.with_catalog(_completed(catalog, dataset, folder / table.name))


def _first_present(folder: Path, tables: Sequence[TableFile]) -> TableFile | None:
    return next((table for table in tables if (folder / table.name).exists()), None)


def _completed(catalog: Catalog, dataset: Dataset, path: Path) -> Catalog:
    if dataset.refine is not None:
        catalog = dataset.refine(catalog, path)
    if dataset.link is None:
        return catalog
    links = [dataset.link.format(item) for item in catalog.items]
    return dataclasses.replace(catalog, links=links)


def _at_least(ratings: Interactions, min_rating: float | None) -> Interactions:
    """Return the ratings unchanged, or those of at least ``min_rating`` as likes of 1."""
    if min_rating is None:
        return ratings
    if not np.isfinite(min_rating):
        raise SettingsError(f"min_rating must be a finite number, got {min_rating!r}")
    selected = ratings.select(ratings.csr.values >= min_rating)
    likes = dataclasses.replace(selected.csr, values=np.ones(selected.nnz, dtype=np.float32))
    note = f"{selected.nnz:,} of {ratings.nnz:,} ratings are {min_rating:g} or more: likes, each 1"
    return dataclasses.replace(selected, csr=likes, notes=(*ratings.notes, note)).drop_empty()
