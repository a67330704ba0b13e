"""Settings: their declarations, and the checks and texts derived from them."""
