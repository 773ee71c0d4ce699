"""Collecting pictures from a shop's pages: politely, resumably, keyed by content."""
