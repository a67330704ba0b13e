"""Scorers, top-k selection and vector similarity, shared by all models."""
