"""Benchmarks of the server and its engines (`make bench`). countlab never imports this package."""
