"""Blender scenes: fruit models, cut-outs and whole scenes, rendered with known counts."""
