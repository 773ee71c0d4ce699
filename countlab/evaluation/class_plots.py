"""Plots of the report on a classifier: reliability, and which classes are taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from countlab.evaluation.figure_svg import INK, MAIN, SECOND, as_svg, circle_area, new_figure


def class_plots(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Title, explanation and SVG of each plot of one set."""
    return [
        (
            "What is taken for what",
            "Rows are the true classes, columns the answers; the darker, the larger the share of "
            "its row. What lies off the diagonal is wrong.",
            _confusion(figures["confusion"], list(figures["classes"])),
        ),
        (
            "Reliability",
            "Of the answers about so sure, how many are right? On the line the model is as right "
            "as it is sure; below it, it is too sure. Bars are 95 % intervals, numbers are "
            "pictures.",
            _reliability(figures["reliability"]),
        ),
    ]


def _confusion(table: Sequence[Sequence[int]], labels: Sequence[str]) -> str:
    figure, axes = new_figure()
    counts = np.array(table)
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    for (row, column), number in np.ndenumerate(counts):
        color = MAIN if row == column else SECOND
        square = (column - 0.48, row - 0.48), 0.96, 0.96
        axes.add_patch(_patch(*square, color=color, alpha=0.12 + 0.6 * shares[row, column]))
        if number:
            axes.text(column, row, str(number), ha="center", va="center", color=INK, fontsize=9)
    axes.grid(False)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right", fontsize=9)
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    return as_svg(figure, "What is taken for what")


def _patch(corner: tuple[float, float], width: float, height: float, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, linewidth=0, **style)


def _reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1)
    for entry in bins:
        sure, right = entry["confidence"], entry["accuracy"]
        axes.plot([sure, sure], entry["accuracy_interval"], color=INK, linewidth=1.2, alpha=0.6)
        axes.scatter(sure, right, s=circle_area(entry["pictures"]), color=MAIN, alpha=0.85)
        axes.annotate(
            str(entry["pictures"]), (sure, right), xytext=(8, -10),
            textcoords="offset points", color=INK, fontsize=9,
        )  # fmt: skip
    axes.set_xlim(-0.03, 1.08)
    axes.set_ylim(-0.05, 1.08)
    axes.set_xlabel("confidence of the answer")
    axes.set_ylabel("share that is right")
    return as_svg(figure, "Reliability")
