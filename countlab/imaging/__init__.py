"""Bytes to pixels and back: decoding, colors, limits, drawing, encoding."""
