"""Vectors of what items are: of their pictures, of their texts and tags."""
