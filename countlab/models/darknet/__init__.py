"""Darknet's cfg and weights, turned into an ONNX graph.

In: `picture`, 1 × 3 × height × width, red, green, blue from 0 to 1. Out: `rows`, one for each
anchor of each cell: centre x and y, width and height as shares of the picture, objectness, and
for each label its confidence (objectness × score). What OpenCV's reader does with the same files
is what this does, its small departures from Darknet included. Knows nothing of engines.
"""
