"""Vectors that describe items by their pictures, and by their texts and tags."""
