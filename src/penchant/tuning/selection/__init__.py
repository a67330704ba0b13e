"""Selection of the family of models that is best for a data set, and of its settings."""
