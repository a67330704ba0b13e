"""One module a format: each opens a source as tables."""
