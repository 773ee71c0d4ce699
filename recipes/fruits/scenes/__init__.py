"""Renders fruit that never grew: models, cut-outs and whole scenes with known counts."""
