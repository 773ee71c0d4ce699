"""The HTTP server: `create_app` puts routes, guards and error pages around a `Lab`."""

from countlab.server.app import create_app
from countlab.server.lab import Lab

__all__ = ["Lab", "create_app"]
