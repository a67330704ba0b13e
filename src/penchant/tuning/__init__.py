"""Choosing settings: learning curves, and searches that survive being stopped."""
