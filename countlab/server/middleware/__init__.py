"""What a request passes before its route; `stack` has the order."""
