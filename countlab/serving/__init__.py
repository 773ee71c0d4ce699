"""A server that runs: in a thread, in a terminal's foreground, as several processes."""
