"""The HTTP client: sends pictures to a countlab server and reads its answers."""

from countlab.client.answers import CountAnswer, PictureAnswer, SweepAnswer
from countlab.client.client import Client, ServerRefused

__all__ = ["Client", "CountAnswer", "PictureAnswer", "ServerRefused", "SweepAnswer"]
