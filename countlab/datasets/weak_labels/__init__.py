"""Weak labels: a vision model's answers and simple rules, combined by how far they agree."""
