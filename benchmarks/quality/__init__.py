"""Quality of every family of penchant beside its peers: ``python -m benchmarks.quality --help``."""
