"""The detector's name, its labels, and the folder it is written to."""

from __future__ import annotations

from pathlib import Path

NAME = "octagons-detector"
KINDS = ("sugar octagon", "sodium octagon", "fat octagon", "calorie octagon")
LABELS = (*KINDS, "unread octagon")
TO = Path("countlab/models/data") / NAME
