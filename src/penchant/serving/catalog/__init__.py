"""Item names, pictures, the item map and filters."""
