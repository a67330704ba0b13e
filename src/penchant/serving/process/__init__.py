"""Server processes: settings, startup, workers, model reload, metrics."""
