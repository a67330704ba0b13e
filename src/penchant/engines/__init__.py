"""Who does the arithmetic: this machine's threads, or plain NumPy as the oracle of tests."""
