"""Serving: answers of a model, feedback in a database, pages and an API."""
