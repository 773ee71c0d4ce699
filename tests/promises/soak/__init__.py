"""The soak: a real server under mixed load for minutes, held to its promises (`make soak`)."""
