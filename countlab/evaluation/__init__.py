"""Evaluation of counts against ground truth: metrics, intervals, calibration and reports.

`truth` reads ground truth, `run` runs a model over it once, `metrics` and its neighbors summarize
that at any confidence, `report` writes it as a page. Knows nothing of HTTP or the terminal.
"""
