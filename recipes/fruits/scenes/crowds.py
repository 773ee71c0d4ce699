"""Large pictures with more fruit than a detector's small input can hold, for counting in tiles."""

from __future__ import annotations

from recipes.fruits.scenes.picture import Picture, View

CROWDS: tuple[Picture, ...] = (
    Picture("long_table", "linen", "dining", "window_left", View(52, 6, 40, 11, 0.97),
            {"orange": 20, "apple": 16, "lemon": 12, "banana": 4}, things=("mug", "books"),
            spread=(0.6, 0.4), size=(1920, 1440)),
)  # fmt: skip
