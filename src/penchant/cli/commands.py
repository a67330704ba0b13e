"""The names of the commands."""

MODULES = {
    "fit": "fit",
    "evaluate": "evaluate",
    "learning-curve": "curve",
    "tune": "tune",
    "recommend": "recommend",
    "similar": "similar",
    "fold-in": "fold_in",
    "explain": "explain",
    "info": "info",
    "ingest": "ingest",
    "export": "export",
    "serve": "serve",
    "update": "update",
    "forget": "forget",
    "datasets": "datasets",
    "demo": "demo",
}
"""Command → module, in the order of the help."""
