"""The state of a fitted model: training data, fitted values, indexes; and its file."""

from __future__ import annotations

import copy
import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy.typing as npt

from penchant._files import artifact
from penchant._files.arrays import ArraySpec, Sizes, check_arrays
from penchant._settings.configurable import Configurable
from penchant.data.features import Features
from penchant.data.interactions import Interactions
from penchant.data.io.read import as_interactions
from penchant.errors import (
    CorruptArtifactError,
    EmptyDataError,
    NumericError,
    SettingsError,
)
from penchant.models._finite import check_learned
from penchant.models._io import files
from penchant.models._outline import Kept, Outline, not_kept
from penchant.models._scoring.index import IndexSet, ItemIndex
from penchant.models._trained_on import TrainedOn


class Fitted(TrainedOn, Configurable, ABC):
    """The state of a model: empty before ``fit``, then the training data and the fitted values."""

    kind: ClassVar[str]
    """The name of this kind of model in model files."""

    arrays: ClassVar[Mapping[str, ArraySpec]] = {}
    """The arrays of what was learned, for files; see :meth:`_check_arrays`."""

    earlier_defaults: ClassVar[Mapping[str, Any]] = {}
    """The values of settings that files lack which are older than the setting."""

    _metrics: Mapping[str, object] = {}
    _indexes: IndexSet

    def described(self) -> dict[str, Any]:
        """Return the kind and the settings, as JSON can hold them."""
        return {"kind": self.kind, "settings": self.settings}

    @property
    def training(self) -> Mapping[str, Any]:
        """The settings that the fit used where they are chosen from the data, by name."""
        return {}

    def _to_learn(self, interactions: Interactions) -> Interactions:
        """Return the argument of ``fit`` if it can be learned from; a frame is read.

        Raises
        ------
        DataError
            If it is neither interactions nor a frame whose columns are unambiguous.
        EmptyDataError
            If there are none.
        UnsupportedError
            If they are those of a model that was saved without them.
        """
        data = as_interactions(interactions, f"{type(self).__name__}.fit")
        if isinstance(data, Outline):
            raise not_kept(data.kept, "training needs them", "pass the interactions to train on")
        if data.nnz == 0:
            raise EmptyDataError(f"there are no interactions in {data.name!r} to learn from")
        return data

    def _check_learned(self) -> None:
        """End a fit: check that what was learned are finite numbers.

        Raises
        ------
        NumericError
            If they are not; the model is then not fitted.
        """
        data = self.interactions
        try:
            check_learned(self._arrays(), data)
        except NumericError:
            self._interactions = None
            raise

    # --- copies -----------------------------------------------------------------------

    def snapshot(self) -> Self:
        """Copy the model in its present state.

        Within ``on_epoch`` the copy is the model that a training of so many epochs gives.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        _ = self._trained_on
        return copy.copy(self)

    def load_state_from(self, other: Self) -> Self:
        """Replace the fitted state by that of another model of this kind; the settings stay.

        Raises
        ------
        NotFittedError
            If the other is not fitted.
        """
        learned = vars(other.snapshot())
        settings = self.settings_names()
        vars(self).update({name: value for name, value in learned.items() if name not in settings})
        return self

    # --- indexes ----------------------------------------------------------------------

    def _index(
        self,
        name: str,
        source: npt.NDArray[Any],
        make: Callable[[Any], npt.NDArray[Any]] | None = None,
    ) -> ItemIndex:
        """Return the model's index of that name, see :meth:`IndexSet.get`."""
        indexes: IndexSet = vars(self).setdefault("_indexes", IndexSet())
        return indexes.get(name, source, make)

    def _drop_indexes(self) -> None:
        """Discard the indexes, since the vectors have changed."""
        self._indexes = IndexSet()

    # --- files ------------------------------------------------------------------------

    def save(
        self,
        path: str | Path,
        *,
        metrics: Mapping[str, object] | None = None,
        origin: Mapping[str, object] | None = None,
        interactions: Kept = "all",
    ) -> Path:
        """Write the model to one file, with its ids, catalog, history and settings.

        The file appears once it is complete. It holds no code, see :func:`penchant.load`.

        Parameters
        ----------
        path
            The file; by convention it ends in ``.penchant``.
        metrics
            Metrics to keep with the model, such as ``evaluation.to_dict()``.
        origin
            Where the training data comes from, as plain JSON: ``penchant update`` records the
            store and its last event.
        interactions
            What the file keeps of the training data beside ids, catalog and features: ``"all"``
            interactions; ``"seen"``, which items each user has, without values and times, in a
            few bits each and only to leave them out; or ``"none"``. The loaded model lacks what
            needs the rest: see the guide.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        SettingsError
            If ``interactions`` is none of these.
        UnsupportedError
            If this kind of model can't answer without its interactions, or lacks them already.
        """
        figures = self.metrics if metrics is None else metrics
        if not isinstance(figures, Mapping):
            raise SettingsError(
                f"metrics are a mapping name → figure, got {type(figures).__name__}"
            )
        bundle = self.to_bundle(interactions, figures)
        if origin is not None:
            bundle = dataclasses.replace(bundle, info={**bundle.info, "origin": origin})
        artifact.write(bundle, path)
        return Path(path)

    def to_bundle(
        self, interactions: Kept = "all", metrics: Mapping[str, object] | None = None
    ) -> artifact.Bundle:
        """Return the contents of a file of the model; see :meth:`save`."""
        data = self._data_to_save(interactions)
        arrays = self._arrays()
        self._check_arrays(arrays, finite=False)  # fits end with a check of the numbers
        return files.to_bundle(
            self.kind,
            self.settings,
            data,
            arrays,
            self._training(),
            self.metrics if metrics is None else metrics,
            self._own_features(),
        )

    @classmethod
    def from_bundle(cls, bundle: artifact.Bundle) -> Self:
        """Return the model that was saved as a bundle; :func:`penchant.load` finds the class.

        Raises
        ------
        CorruptArtifactError
            If parts of the bundle are missing or don't fit together.
        """
        try:
            files.check_info(bundle.info)
            model = cls(**{**cls.earlier_defaults, **files.settings_of(bundle)})
            model._interactions = files.interactions_of(bundle)
            model._metrics = bundle.info["metrics"]
            model._restore_features(files.own_features_of(bundle))
            learned = files.learned_arrays_of(bundle, model._interactions)
            model._check_arrays(learned, finite=bundle.verified)
            model._restore(learned)
            model._restore_training(bundle.info["training"])
        except files.MISFITS as error:
            raise CorruptArtifactError(f"the parts of this model don't fit: {error}") from error
        return model

    @property
    def metrics(self) -> Mapping[str, object]:
        """The metrics that were saved with the model."""
        return self._metrics

    def _sizes(self) -> dict[str, int | str]:
        """Return the dimensions that :attr:`arrays` names, and the settings that are sizes."""
        data = self._trained_on
        settings = {
            name: value
            for name, value in self.settings.items()
            if isinstance(value, int | str) and not isinstance(value, bool)
        }
        n, m = data.n_users, data.n_items
        sizes = {"n_users": n, "n_items": m, "n_users + 1": n + 1, "n_items + 1": m + 1}
        return {**settings, **sizes}

    @property
    def _nbytes(self) -> int:
        """The size of the arrays that were learned."""
        return sum(int(array.nbytes) for array in self._arrays().values())

    def _check_arrays(self, arrays: Mapping[str, npt.NDArray[Any]], *, finite: bool = True) -> None:
        """Compare arrays with the declarations of this model; ``_interactions`` is already set.

        Raises
        ------
        ArrayMismatchError
            If one is not as declared, see :func:`penchant._files.arrays.check_arrays`.
        """
        sizes: Sizes = self._sizes()
        check_arrays(arrays, self.arrays, sizes, finite=finite)

    @abstractmethod
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the fitted values, for :meth:`save`."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Restore what :meth:`_arrays` returned; ``_interactions`` is set before."""

    def _own_features(self) -> dict[str, Features]:
        """Return features for the file that are not those of the interactions, by name."""
        return {}

    def _restore_features(self, features: Mapping[str, Features]) -> None:
        """Restore what :meth:`_own_features` returned; ``_interactions`` is set before."""

    def _training(self) -> list[dict[str, Any]]:
        """Return the record of training, for the file."""
        return []

    def _restore_training(self, training: list[dict[str, Any]]) -> None:
        """Restore what :meth:`_training` returned."""
