"""Tests of the notebooks in real kernels."""
