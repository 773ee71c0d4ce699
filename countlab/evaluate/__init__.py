"""Counts against truth: how far a model's counts are off, told so that it can be trusted.

`truth` reads what is known, `measured` runs a model over it once, `figures` and its neighbours
judge that at any confidence, `report` shows it. Knows nothing of HTTP or the terminal.
"""
