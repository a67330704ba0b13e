"""The server's database: events, catalog overrides, the selected model."""
