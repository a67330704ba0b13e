"""Engines do the arithmetic of ALS: on this machine's threads, or in plain NumPy as a reference."""
