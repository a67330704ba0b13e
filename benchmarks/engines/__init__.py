"""One adapter per library, one engine per solver of it."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EngineInfo:
    """A solver of a library.

    Attributes
    ----------
    library, package
        What it is called, and where it is installed from.
    module
        Its adapter.
    solver
        What the adapter is asked for.
    kind
        ``"exact"``, ``"cg"`` (three steps), ``"auto"``, ``"blocks"`` (iALS++), or ``"other"`` for
        what minimizes something else.
    probes_blas
        Whether it is tried with BLAS on one thread and on all, to be given the faster.
    """

    library: str
    package: str
    module: str
    solver: str
    kind: str
    probes_blas: bool = True

    def adapter(self) -> Any:
        """The module that knows the library; importing it imports the library."""
        return importlib.import_module(f"benchmarks.engines.{self.module}")

    def version(self) -> str | None:
        """The version that is installed, or None."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return None


ENGINES = {
    # penchant is measured as people get it: its environment is not tuned
    "penchant exact": EngineInfo("penchant", "penchant", "penchant_als", "exact", "exact", False),
    "penchant cg": EngineInfo("penchant", "penchant", "penchant_als", "cg", "cg", False),
    "penchant auto": EngineInfo("penchant", "penchant", "penchant_als", "auto", "auto", False),
    "penchant ranking": EngineInfo(
        "penchant", "penchant", "penchant_ranking", "warp", "other", False
    ),
    "implicit exact": EngineInfo("implicit", "implicit", "implicit_als", "exact", "exact"),
    "implicit cg": EngineInfo("implicit", "implicit", "implicit_als", "cg", "cg"),
    "irspack exact": EngineInfo("irspack", "irspack", "irspack_ials", "CHOLESKY", "exact", False),
    "irspack cg": EngineInfo("irspack", "irspack", "irspack_ials", "CG", "cg", False),
    "irspack ials++": EngineInfo("irspack", "irspack", "irspack_ials", "IALSPP", "blocks", False),
    "cmfrec exact": EngineInfo("cmfrec", "cmfrec", "cmfrec_cmf", "exact", "exact"),
    "cmfrec cg": EngineInfo("cmfrec", "cmfrec", "cmfrec_cmf", "cg", "cg"),
    "lightfm warp": EngineInfo(
        "lightfm", "rectools-lightfm", "lightfm_warp", "warp", "other", False
    ),
}
PACKAGES = sorted({info.package for info in ENGINES.values()} - {"penchant"})
RANKING = ("penchant ranking", "lightfm warp")
"""The engines that learn to rank, and minimize something else than the rest."""
SERVING = ("penchant auto", "implicit cg", "irspack cg")
"""The engines that also recommend and evaluate: one per library."""
