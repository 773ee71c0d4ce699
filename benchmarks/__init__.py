"""Measures the lab on this machine: `make bench`. countlab itself never needs this folder."""
