"""What was handed in: archives, notebooks as data, similar pairs."""
