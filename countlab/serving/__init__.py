"""Running servers: in a thread, in a terminal's foreground, as several processes."""
