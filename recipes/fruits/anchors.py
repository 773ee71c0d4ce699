"""Anchor fitting: the six anchors that best match the generated training samples.

    python -m recipes.fruits.anchors

Prints the `anchors` line for the configuration file.
"""

import argparse
from pathlib import Path

import numpy as np

from recipes.fruits.samples import SampleGenerator
from recipes.fruits.settings import DEFAULT_CONFIG, read_settings
from recipes.fruits.training_data import load_training_data

# The fine head takes the first three, one of the larger anchors among them: the centers of
# overlapping objects lie closer together than the coarse head's cells.
FINE_HEAD_FIRST = [0, 1, 3, 2, 4, 5]


def fit_anchors(sizes: np.ndarray, count: int, *, seed: int = 1, rounds: int = 40) -> np.ndarray:
    """Cluster widths and heights by their ratios (k-medians on logarithms); smallest area first."""
    log_sizes = np.log(np.maximum(sizes, 4.0))
    rng = np.random.default_rng(seed)
    centers = log_sizes[rng.choice(len(log_sizes), count, replace=False)]
    for _ in range(rounds):
        nearest = np.abs(log_sizes[:, None] - centers[None]).max(axis=2).argmin(axis=1)
        centers = np.array(
            [
                np.median(log_sizes[nearest == cluster], axis=0)
                if (nearest == cluster).any()
                else centers[cluster]
                for cluster in range(count)
            ]
        )
    return np.exp(centers[np.argsort(centers.sum(axis=1))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    generator = SampleGenerator(load_training_data(settings), seed=1)
    sizes = []
    for _ in range(3000):  # one fruit per sample, so that crowded pictures do not dominate
        rows = generator.generate(settings.size)[1]
        counted = rows[rows[:, 0] >= 0]
        if len(counted):
            chosen = counted[generator.rng.integers(len(counted))]
            sizes.append(chosen[3:5] - chosen[1:3])
    anchors = fit_anchors(np.array(sizes), 6)[FINE_HEAD_FIRST]
    print("anchors =", [[round(float(w)), round(float(h))] for w, h in anchors])


if __name__ == "__main__":
    main()
