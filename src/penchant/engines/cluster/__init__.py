"""Half steps over blocks on several machines: rows and factors in files that all of them share."""
