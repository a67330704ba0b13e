"""The synthetic catalog of shaded solids that `penchant demo` draws."""
