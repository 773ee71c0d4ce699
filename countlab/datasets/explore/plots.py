"""Plots of a dataset: how many of each class, how large, how bright."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from countlab.datasets.explore.survey import Surveyed
from countlab.evaluation.figure_svg import INK, LINE, MAIN, SECOND, as_svg, circle_area, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = (MAIN, SECOND, INK, LINE)
_MOST_LINES = 3


def class_bars(pictures: Sequence[Surveyed], words: Mapping[str, str]) -> str:
    """Stacked by part where there is a split."""
    counts = Counter((each.label or words["no_label"], each.part) for each in pictures)
    labels = sorted({label for label, _ in counts})
    parts = sorted({part for _, part in counts}, key=lambda part: (part != "train", part))
    figure, axes = new_figure()
    left = np.zeros(len(labels))
    for part, color in zip(parts, _COLORS * (len(parts) // 4 + 1), strict=False):
        numbers = np.array([counts[label, part] for label in labels])
        axes.barh(labels, numbers, left=left, color=color, height=0.6,
                  label=part or words["no_part"])  # fmt: skip
        left += numbers
    for at, total in enumerate(left):
        axes.text(total, at, f" {total:.0f}", va="center", color=INK)
    axes.set_xlim(0, left.max() * 1.15)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words["axis_pictures"])
    if len(parts) > 1:
        _legend(figure)
    return as_svg(figure, words["plot_classes"])


def size_circles(pictures: Sequence[Surveyed], words: Mapping[str, str]) -> str:
    counts = Counter((each.width, each.height) for each in pictures)
    figure, axes = new_figure()
    for (width, height), number in counts.items():
        axes.scatter(width, height, s=circle_area(number), color=MAIN, alpha=0.6, linewidth=0)
    axes.set_xlim(0, max(width for width, _ in counts) * 1.15)
    axes.set_ylim(0, max(height for _, height in counts) * 1.15)
    axes.set_xlabel(words["axis_width"])
    axes.set_ylabel(words["axis_height"])
    return as_svg(figure, words["plot_sizes"])


def brightness_lines(pictures: Sequence[Surveyed], words: Mapping[str, str]) -> str:
    """The commonest classes, each as a share of its own pictures."""
    common = Counter(each.label or words["no_label"] for each in pictures).most_common(_MOST_LINES)
    edges = np.linspace(0, 1, 21)
    figure, axes = new_figure()
    for (label, _), color in zip(common, _COLORS, strict=False):
        values = [e.brightness for e in pictures if (e.label or words["no_label"]) == label]
        shares = np.histogram(values, edges)[0] / len(values)
        axes.stairs(shares, edges, color=color, linewidth=2, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(words["axis_brightness"])
    axes.set_ylabel(words["axis_share"])
    _legend(figure)
    return as_svg(figure, words["plot_brightness"])


def _legend(figure: Figure) -> None:
    """Above the plot, where it covers nothing."""
    figure.legend(loc="outside upper center", ncols=3, frameon=False, labelcolor=INK, fontsize=9)
