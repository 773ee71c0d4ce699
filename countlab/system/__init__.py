"""The machine and this process: cores, load, deadlines, locks, logs, library versions."""
