"""countlab: one picture in, one number out, and you know how far to trust the number.

Import the room you need: `countlab.server`, `countlab.client`, `countlab.notebook`.
Nothing heavy is loaded here.
"""

__version__ = "0.1.0"
