"""What one process measures of one engine; each returns a plain dict of figures."""
