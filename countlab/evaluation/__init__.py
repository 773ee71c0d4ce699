"""Counts against truth: how far off a model's counts are, and how sure that is.

`truth` reads ground truth, `run` runs a model over it once, `metrics` and its neighbors summarize
that at any confidence, `report` writes it as a page. Knows nothing of HTTP or the terminal.
"""
