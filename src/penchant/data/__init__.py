"""From files and frames to immutable interactions, with ids and a catalog."""
