"""What may be asked of a picture."""

from __future__ import annotations


class PredictOptions: ...
