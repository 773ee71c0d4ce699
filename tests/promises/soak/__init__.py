"""The soak test: a real server under mixed load for minutes (`make soak`)."""
