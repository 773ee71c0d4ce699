"""Grading runs: submissions in sandboxes, one process each, asked from outside."""
