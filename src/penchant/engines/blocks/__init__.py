"""Half steps over blocks of rows that are read one at a time."""
