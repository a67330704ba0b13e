"""Model files: a checked container of arrays, and the bundle of a model."""
