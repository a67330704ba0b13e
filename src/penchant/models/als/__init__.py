"""Weighted regularized matrix factorization by alternating least squares."""
