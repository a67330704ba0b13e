"""How answers look: as text, as HTML with thumbnails, as frames. Knows no model and no result."""
