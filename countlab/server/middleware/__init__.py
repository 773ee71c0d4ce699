"""ASGI middleware in front of the routes; `stack` has the order."""
