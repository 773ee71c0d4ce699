"""The HTTP client for a countlab server."""

from countlab.client.answers import CountAnswer, PictureAnswer, SweepAnswer
from countlab.client.client import Client, ServerRefused

__all__ = ["Client", "CountAnswer", "PictureAnswer", "ServerRefused", "SweepAnswer"]
