"""The curves that the card and the training notes show.

Owns their looks; the figures come from judge.py and the training log.

    python -m recipes.fruits.plots          # the training curves, from the log of the last run
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recipes.fruits.settings import DEFAULT, read_settings

COLOURS = {"apple": "#c0392b", "banana": "#c9a800", "orange": "#e67e22", "lemon": "#7d8f00"}
OTHERS = ("#2c6e9b", "#5b4a8a", "#3d8361", "#8a4a5b")


def _canvas(wide: float = 5.6, tall: float = 3.6) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(wide, tall), dpi=110)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _colour(label: str, number: int) -> str:
    return COLOURS.get(label, OTHERS[number % len(OTHERS)])


def precision_recall_plot(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]], path: Path
) -> None:
    """One curve per label: recall, precision, and its average precision in the legend."""
    figure, axes = _canvas()
    for number, (label, (recall, precision, average)) in enumerate(curves.items()):
        axes.plot(recall, precision, color=_colour(label, number), label=f"{label} {average:.2f}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(title="average precision", frameon=False)
    _written(figure, path)


def confidence_plot(points: Sequence[tuple[float, float, float]], path: Path) -> None:
    """Exact share and mean error of the count at each confidence."""
    figure, axes = _canvas()
    at, exact, error = (np.array(column) for column in zip(*points, strict=True))
    axes.plot(at, 100 * exact, color="#2c6e9b", marker="o", markersize=3)
    axes.set(xlabel="confidence", ylim=(0, 100))
    axes.set_ylabel("counts exact, %", color="#2c6e9b")
    axes.axvline(0.5, color="#888888", linewidth=0.8, linestyle=":")
    beside = axes.twinx()
    beside.plot(at, error, color="#c0392b", marker="s", markersize=3)
    beside.set_ylabel("mean error, fruits", color="#c0392b")
    beside.set_ylim(bottom=0)
    beside.spines["top"].set_visible(False)
    _written(figure, path)


def training_plot(log: Path, path: Path) -> None:
    """Loss and its parts along the run."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pictures = np.array([float(row["pictures"]) for row in rows]) / 1000
    figure, axes = _canvas(6.6, 3.6)
    for number, part in enumerate(("total", "box", "object", "label")):
        values = np.array([float(row[part]) for row in rows])
        axes.plot(pictures, _smooth(values), color=OTHERS[number], label=part)
    axes.set(xlabel="thousand pictures", ylabel="loss", ylim=(0, 6))
    axes.legend(frameon=False)
    rate = axes.twinx()
    rate.plot(pictures, [float(row["rate"]) for row in rows], color="#aaaaaa", linewidth=0.8)
    rate.set_ylabel("learning rate", color="#888888")
    rate.spines["top"].set_visible(False)
    _written(figure, path)


def _smooth(values: np.ndarray, window: int = 5) -> np.ndarray:
    if len(values) < 2 * window:
        return values
    padded = np.pad(values, window // 2, mode="edge")
    return np.convolve(padded, np.ones(window) / window, mode="valid")


def _written(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    path = Path(__file__).with_name(f"{settings.name}_curves.png")
    training_plot(settings.work / f"{settings.name}_log.csv", path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
