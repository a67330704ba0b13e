"""Weighted blends and fallback chains of several models."""
