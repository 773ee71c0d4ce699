"""The six anchors that fit the composed pictures best, for the training file.

python -m recipes.fruits.anchors
"""

import argparse
from pathlib import Path

import numpy as np

from recipes.fruits.compose import Composer
from recipes.fruits.material import load_material
from recipes.fruits.settings import DEFAULT, read_settings

# The fine head takes the first three. One of the larger half is among them: of things that overlap,
# the middles lie nearer to each other than the coarse head's cells.
FINE_FIRST = [0, 1, 3, 2, 4, 5]


def fitted(sizes: np.ndarray, number: int, *, seed: int = 1, rounds: int = 40) -> np.ndarray:
    """Cluster widths and heights by how far each ratio is from one; smallest area first."""
    logs = np.log(np.maximum(sizes, 4.0))
    rng = np.random.default_rng(seed)
    centres = logs[rng.choice(len(logs), number, replace=False)]
    for _ in range(rounds):
        nearest = np.abs(logs[:, None] - centres[None]).max(axis=2).argmin(axis=1)
        centres = np.array(
            [
                np.median(logs[nearest == n], axis=0) if (nearest == n).any() else centres[n]
                for n in range(number)
            ]
        )
    return np.exp(centres[np.argsort(centres.sum(axis=1))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    composer = Composer(load_material(settings), seed=1)
    sizes = []
    for _ in range(3000):  # a picture has one say, however many fruits lie in it
        rows = composer.picture(settings.size)[1]
        counted = rows[rows[:, 0] >= 0]
        if len(counted):
            one = counted[composer.rng.integers(len(counted))]
            sizes.append(one[3:5] - one[1:3])
    anchors = fitted(np.array(sizes), 6)[FINE_FIRST]
    print("anchors =", [[round(float(w)), round(float(h))] for w, h in anchors])


if __name__ == "__main__":
    main()
