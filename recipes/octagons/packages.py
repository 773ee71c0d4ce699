"""A printed front bent onto a package and lit.

Each kind of package gives a layer: what bends the print bends the map of octagons alike.
"""

from __future__ import annotations

import numpy as np

from recipes.octagons.artwork import Artwork
from recipes.octagons.boxes import box
from recipes.octagons.film import bag
from recipes.octagons.layer import Layer
from recipes.octagons.round_packages import round_package

FRONTS = {  # pixels of the print, width and height
    "box": (420, 600),
    "carton": (340, 620),
    "bag": (440, 620),
    "bar": (680, 250),
    "bottle": (520, 400),
    "jar": (600, 360),
    "tin": (600, 460),
    "tub": (600, 330),
}


def package(form: str, art: Artwork, height: int, random: np.random.Generator) -> Layer:
    """The package `height` pixels high or, for a bar, wide."""
    if form in ("box", "carton"):
        return box(art, height, random, depth=0.3 if form == "box" else 0.75)
    if form in ("bag", "bar"):
        return bag(art, height, random, lying=form == "bar")
    return round_package(form, art, height, random)
