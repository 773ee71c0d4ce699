"""Models: their catalog, their files, and how well they count."""
