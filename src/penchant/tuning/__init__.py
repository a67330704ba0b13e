"""Tuning of settings: learning curves, and tuning runs that can be interrupted and resumed."""
