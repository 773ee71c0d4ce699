"""This machine and this process: cores, load, deadlines, locks, logs, memory."""
