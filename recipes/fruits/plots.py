"""Plots for the model card and the README.

    python -m recipes.fruits.plots          # the training curves, from the log of the last run

Draws figures given by evaluate.py and the training log.
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

from recipes.fruits.settings import DEFAULT_CONFIG, read_settings

LABEL_COLORS = {"apple": "#c0392b", "banana": "#c9a800", "orange": "#e67e22", "lemon": "#7d8f00"}
OTHER_COLORS = ("#2c6e9b", "#5b4a8a", "#3d8361", "#8a4a5b")


def _new_figure(width: float = 5.6, height: float = 3.6) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(width, height), dpi=110)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _color(label: str, index: int) -> str:
    return LABEL_COLORS.get(label, OTHER_COLORS[index % len(OTHER_COLORS)])


def precision_recall_plot(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, float]], path: Path
) -> None:
    """One curve per label: recall, precision, and average precision in the legend."""
    figure, axes = _new_figure()
    for index, (label, (recall, precision, average)) in enumerate(curves.items()):
        axes.plot(recall, precision, color=_color(label, index), label=f"{label} {average:.2f}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(title="average precision", frameon=False)
    _save(figure, path)


def confidence_plot(points: Sequence[tuple[float, float, float]], path: Path) -> None:
    """Share of exact counts and mean error at each confidence."""
    figure, axes = _new_figure()
    confidences, exact, error = (np.array(column) for column in zip(*points, strict=True))
    axes.plot(confidences, 100 * exact, color="#2c6e9b", marker="o", markersize=3)
    axes.set(xlabel="confidence", ylim=(0, 100))
    axes.set_ylabel("counts exact, %", color="#2c6e9b")
    axes.axvline(0.5, color="#888888", linewidth=0.8, linestyle=":")
    error_axes = axes.twinx()
    error_axes.plot(confidences, error, color="#c0392b", marker="s", markersize=3)
    error_axes.set_ylabel("mean error, fruits", color="#c0392b")
    error_axes.set_ylim(bottom=0)
    error_axes.spines["top"].set_visible(False)
    _save(figure, path)


def training_plot(log: Path, path: Path) -> None:
    """The loss and its parts over the run."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    pictures = np.array([float(row["pictures"]) for row in rows]) / 1000
    figure, axes = _new_figure(6.6, 3.6)
    for index, part in enumerate(("total", "box", "object", "label")):
        values = np.array([float(row[part]) for row in rows])
        axes.plot(pictures, _smooth(values), color=OTHER_COLORS[index], label=part)
    axes.set(xlabel="thousand pictures", ylabel="loss", ylim=(0, 6))
    axes.legend(frameon=False)
    rate_axes = axes.twinx()
    rate_axes.plot(pictures, [float(row["rate"]) for row in rows], color="#aaaaaa", linewidth=0.8)
    rate_axes.set_ylabel("learning rate", color="#888888")
    rate_axes.spines["top"].set_visible(False)
    _save(figure, path)


def _smooth(values: np.ndarray, window: int = 5) -> np.ndarray:
    if len(values) < 2 * window:
        return values
    padded = np.pad(values, window // 2, mode="edge")
    return np.convolve(padded, np.ones(window) / window, mode="valid")


def _save(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    path = Path(__file__).with_name(f"{settings.name}_curves.png")
    training_plot(settings.work / f"{settings.name}_log.csv", path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
