"""Settings: their declarations and the checks derived from them."""
