"""Converter from Darknet's cfg and weights to an ONNX graph.

Input `picture`: 1 × 3 × height × width, red, green, blue from 0 to 1. Output `rows`: one row for
each anchor of each cell, with center x and y, width and height as fractions of the picture,
objectness, and a confidence (objectness × score) for each label. Follows OpenCV's reader of the
same files, including its small differences from Darknet. Independent of engines.
"""
