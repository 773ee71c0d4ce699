"""Plots of the evaluation report: SVG whose colors follow the page's light or dark theme."""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from countlab.evaluation.matching import match_findings
from countlab.evaluation.metrics import Row
from countlab.evaluation.run import CONFIDENCES, EvaluatedPicture
from countlab.evaluation.summary import EvaluationSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Placeholder colors: each is replaced by a CSS variable of the page.
_VARIABLES = {"#010203": "--ink", "#040506": "--line", "#070809": "--main", "#0a0b0c": "--second"}
_INK, _LINE, _MAIN, _SECOND = _VARIABLES
_WIDTH, _HEIGHT = 4.6, 3.3  # inches: text keeps about its size at a phone's width


def all_plots(summary: EvaluationSummary) -> list[tuple[str, str, str]]:
    """Title, explanation and SVG of each plot."""
    return [
        (
            "Error by true count",
            "Bars: how many objects the count is off, on average, with 95 % intervals. Dots: the "
            "bias; below the line too few are counted.",
            _error_by_truth(summary),
        ),
        (
            "Count against truth",
            "Each circle is a true count and what was counted; the larger, the more often. On the "
            "line the count is right, in the band it is off by one at most.",
            _count_against_truth(summary.rows),
        ),
        (
            "Count against confidence",
            "Everything counted in all pictures, beside how much there is (dashed), and below it "
            "the mean error. The upright line is the confidence asked for, "
            f"{summary.confidence:g}.",
            _count_against_confidence(summary),
        ),
        (
            "Calibration",
            "Of the findings with a certain confidence, how many are right? On the line the model "
            "is as right as it is sure; below it, it is too sure. " + _correctness_note(summary),
            _calibration(summary.run.pictures),
        ),
    ]


def _correctness_note(summary: EvaluationSummary) -> str:
    if summary.run.has_boxes:
        return "Right: it overlaps a true box of its label by half or more."
    return (
        "The truth has no boxes here, so right means: among as many of the surest findings as "
        "there are objects."
    )


def _error_by_truth(summary: EvaluationSummary) -> str:
    figure, axes = _figure()
    groups = list(summary.by_truth)
    metrics = list(summary.by_truth.values())
    positions = range(len(groups))
    axes.bar(positions, [group.mae.value for group in metrics], color=_MAIN, width=0.6)
    for x, group in zip(positions, metrics, strict=True):
        if group.mae.low is not None and group.mae.high is not None:
            axes.plot([x, x], [group.mae.low, group.mae.high], color=_INK, linewidth=1.5)
    biases = [group.bias.value for group in metrics]
    axes.plot(positions, biases, "o", color=_SECOND, markersize=7)
    axes.axhline(0, color=_INK, linewidth=0.8)
    tick_labels = [f"{name}\n({group.rows})" for name, group in zip(groups, metrics, strict=True)]
    axes.set_xticks(positions, tick_labels)
    axes.set_xlabel("true count (in brackets: how many rows)")
    axes.set_ylabel("objects")
    return _svg(figure, "Error by true count")


def _count_against_truth(rows: Sequence[Row]) -> str:
    figure, axes = _figure()
    numbers = Counter((row.truth, row.counted) for row in rows)
    top = max(max(pair) for pair in numbers) + 1
    axes.fill_between([-1, top], [-2, top - 1], [0, top + 1], color=_LINE, alpha=0.5, linewidth=0)
    axes.plot([-1, top], [-1, top], color=_INK, linewidth=1)
    for (truth, counted), number in numbers.items():
        color = _MAIN if truth == counted else _SECOND
        axes.scatter(truth, counted, s=_circle_area(number), color=color, alpha=0.85)
    axes.set_xlim(-1, top)
    axes.set_ylim(-1, top)
    axes.locator_params(integer=True)
    axes.set_xlabel("true count")
    axes.set_ylabel("counted")
    return _svg(figure, "Count against truth")


def _count_against_confidence(summary: EvaluationSummary) -> str:
    figure, (count_axes, error_axes) = _figure(rows=2)
    rows_by_step = [summary.run.rows(step) for step in CONFIDENCES]
    counts = [sum(row.counted for row in rows) for rows in rows_by_step]
    count_axes.plot(CONFIDENCES, counts, color=_MAIN)
    truth = sum(row.truth for row in summary.rows)
    count_axes.axhline(truth, color=_INK, linewidth=1, linestyle="--")
    count_axes.set_ylim(bottom=0)
    count_axes.set_ylabel("counted")
    errors = [np.mean([abs(row.error) for row in rows]) for rows in rows_by_step]
    error_axes.plot(CONFIDENCES, errors, color=_SECOND)
    error_axes.set_ylim(bottom=0)
    error_axes.set_ylabel("mean error")
    error_axes.set_xlabel("confidence")
    for axes in (count_axes, error_axes):
        axes.axvline(summary.confidence, color=_INK, linewidth=0.8, linestyle=":")
    return _svg(figure, "Count against confidence")


def _calibration(pictures: Sequence[EvaluatedPicture]) -> str:
    figure, axes = _figure()
    axes.plot([0.2, 1], [0.2, 1], color=_INK, linewidth=1)
    matches = np.array(
        [match for picture in pictures for match in match_findings(picture)], np.float64
    )
    for low in np.arange(0.2, 0.95, 0.1) if len(matches) else ():
        # The epsilon keeps a confidence of exactly `low + 0.1` in its bin.
        in_bin = matches[(matches[:, 0] > low) & (matches[:, 0] <= low + 0.1 + 1e-9)]
        if len(in_bin):
            mean_confidence, share_correct = in_bin.mean(axis=0)
            area = _circle_area(len(in_bin))
            label_offset = 0, area**0.5 / 2 + 2  # points: just above the circle
            axes.scatter(mean_confidence, share_correct, s=area, color=_MAIN, alpha=0.85)
            axes.annotate(
                str(len(in_bin)),
                (mean_confidence, share_correct),
                xytext=label_offset,
                textcoords="offset points",
                color=_INK,
                ha="center",
                fontsize=9,
            )
    axes.set_xlim(0.15, 1.05)
    axes.set_ylim(-0.08, 1.2)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("confidence (numbers: findings)")
    axes.set_ylabel("share that is right")
    return _svg(figure, "Calibration")


def _circle_area(number: int) -> float:
    """In square points; logarithmic, so that frequent pairs do not cover the others."""
    return float(30 + 60 * np.log2(number))


def _figure(rows: int = 1) -> tuple[Figure, Any]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 11, "font.family": "sans-serif"}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.subplots(rows, sharex=True)
    for subplot in np.ravel(axes):
        _style(subplot)
    return figure, axes


def _style(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(color=_LINE, linewidth=0.8)
    axes.tick_params(colors=_INK, length=0)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _svg(figure: Figure, title: str) -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "countlab"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, f"var({variable})")
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 inherit", svg)
    opening_tag = f'<svg role="img" aria-label="{html.escape(title)}"'
    return re.sub(r'<svg width="[^"]*" height="[^"]*"|<svg', opening_tag, svg, count=1)
