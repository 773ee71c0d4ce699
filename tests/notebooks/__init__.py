"""What the notebook tests stand on: real kernels, and the committed notebooks' cells by name."""
