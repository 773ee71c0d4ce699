"""Recipes: how the built-in models and pictures are made; never imported by countlab."""
