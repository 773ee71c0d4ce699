"""A look at a whole dataset before anything learns from it."""
