"""Models from the singular vectors of the interactions: graph filters and PureSVD."""
