"""The page on which people review a dataset's labels, an app of its own."""
