"""Rendering of results as text, as HTML with thumbnails, and as data frames."""
