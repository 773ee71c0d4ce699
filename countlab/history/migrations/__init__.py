"""Alembic migrations of the history, applied when a server starts."""
