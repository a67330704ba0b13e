"""Save, load and export models and their recommendations."""
