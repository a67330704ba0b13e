"""One module per format; each opens a source as tables."""
