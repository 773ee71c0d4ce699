"""The graded lab: submissions as students write them, run in real kernels, with known grades."""
