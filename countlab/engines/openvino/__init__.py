"""OpenVINO: the fast engine, and what prepares graphs for it."""
