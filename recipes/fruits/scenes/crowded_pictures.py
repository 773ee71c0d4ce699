"""Large pictures with more fruit than a detector's small input resolves, for counting in tiles."""

from __future__ import annotations

from recipes.fruits.scenes.picture_spec import PictureSpec, View

CROWDED_PICTURES: tuple[PictureSpec, ...] = (
    PictureSpec("long_table", "linen", "dining", "window_left", View(52, 6, 40, 11, 0.97),
            {"orange": 20, "apple": 16, "lemon": 12, "banana": 4}, props=("mug", "books"),
            spread=(0.6, 0.4), size=(1920, 1440)),
)  # fmt: skip
