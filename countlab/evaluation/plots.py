"""The plots of the report, as SVG whose colours follow the page's light or dark theme."""

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

# Colours that no theme has: each stands for a variable of the page's style sheet.
_VARIABLES = {"#010203": "--ink", "#040506": "--line", "#070809": "--main", "#0a0b0c": "--second"}
_INK, _LINE, _MAIN, _SECOND = _VARIABLES
_WIDTH, _HEIGHT = 4.6, 3.3  # inches: at a phone's width the letters keep about their size


def all_plots(judged: EvaluationSummary) -> list[tuple[str, str, str]]:
    """Title, explanation and SVG of each."""
    return [
        (
            "Error by true count",
            "Bars: how many objects the count is off, on average, with 95 % intervals. Dots: the "
            "bias; below the line too few are counted.",
            _error_by_truth(judged),
        ),
        (
            "Count against truth",
            "Each circle is a true count and what was counted; the larger, the more often. On the "
            "line the count is right, in the band it is off by one at most.",
            _count_against_truth(judged.rows),
        ),
        (
            "Count against confidence",
            "Everything counted in all pictures, beside how much there is (dashed), and below it "
            f"the mean error. The upright line is the confidence asked for, {judged.confidence:g}.",
            _count_against_confidence(judged),
        ),
        (
            "Calibration",
            "Of the findings with a certain confidence, how many are right? On the line the model "
            "is as right as it is sure; below it, it is too sure. " + _what_right_means(judged),
            _calibration(judged.measured.seen),
        ),
    ]


def _what_right_means(judged: EvaluationSummary) -> str:
    if judged.measured.boxes_known:
        return "Right: it overlaps a true box of its label by half or more."
    return (
        "The truth has no boxes here, so right means: among as many of the surest findings as "
        "there are objects."
    )


def _error_by_truth(judged: EvaluationSummary) -> str:
    figure, axes = _figure()
    groups = list(judged.by_truth)
    some = list(judged.by_truth.values())
    places = range(len(groups))
    axes.bar(places, [one.mae.value for one in some], color=_MAIN, width=0.6)
    for place, one in zip(places, some, strict=True):
        if one.mae.low is not None and one.mae.high is not None:
            axes.plot([place, place], [one.mae.low, one.mae.high], color=_INK, linewidth=1.5)
    axes.plot(places, [one.bias.value for one in some], "o", color=_SECOND, markersize=7)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set_xticks(
        places, [f"{group}\n({one.rows})" for group, one in zip(groups, some, strict=True)]
    )
    axes.set_xlabel("true count (in brackets: how many rows)")
    axes.set_ylabel("objects")
    return _svg(figure, "Error by true count")


def _count_against_truth(rows: Sequence[Row]) -> str:
    figure, axes = _figure()
    often = Counter((row.truth, row.counted) for row in rows)
    top = max(max(pair) for pair in often) + 1
    axes.fill_between([-1, top], [-2, top - 1], [0, top + 1], color=_LINE, alpha=0.5, linewidth=0)
    axes.plot([-1, top], [-1, top], color=_INK, linewidth=1)
    for (truth, counted), number in often.items():
        colour = _MAIN if truth == counted else _SECOND
        axes.scatter(truth, counted, s=30 + 60 * np.log2(number), color=colour, alpha=0.85)
    axes.set_xlim(-1, top)
    axes.set_ylim(-1, top)
    axes.locator_params(integer=True)
    axes.set_xlabel("true count")
    axes.set_ylabel("counted")
    return _svg(figure, "Count against truth")


def _count_against_confidence(judged: EvaluationSummary) -> str:
    figure, (above, below) = _figure(rows=2)
    rows = [judged.measured.rows(step) for step in CONFIDENCES]
    above.plot(CONFIDENCES, [sum(row.counted for row in some) for some in rows], color=_MAIN)
    above.axhline(sum(row.truth for row in judged.rows), color=_INK, linewidth=1, linestyle="--")
    above.set_ylim(bottom=0)
    above.set_ylabel("counted")
    errors = [np.mean([abs(row.error) for row in some]) for some in rows]
    below.plot(CONFIDENCES, errors, color=_SECOND)
    below.set_ylim(bottom=0)
    below.set_ylabel("mean error")
    below.set_xlabel("confidence")
    for axes in (above, below):
        axes.axvline(judged.confidence, color=_INK, linewidth=0.8, linestyle=":")
    return _svg(figure, "Count against confidence")


def _calibration(seen: Sequence[EvaluatedPicture]) -> str:
    figure, axes = _figure()
    axes.plot([0.2, 1], [0.2, 1], color=_INK, linewidth=1)
    found = np.array([pair for one in seen for pair in match_findings(one)], np.float64)
    for low in np.arange(0.2, 0.95, 0.1) if len(found) else ():
        some = found[(found[:, 0] > low) & (found[:, 0] <= low + 0.1 + 1e-9)]
        if len(some):
            sure, right = some.mean(axis=0)
            size = 30 + 60 * np.log2(len(some))
            above = 0, size**0.5 / 2 + 2  # points: just over the circle
            axes.scatter(sure, right, s=size, color=_MAIN, alpha=0.85)
            axes.annotate(str(len(some)), (sure, right), xytext=above, color=_INK,
                          textcoords="offset points", ha="center", fontsize=9)  # fmt: skip
    axes.set_xlim(0.15, 1.05)
    axes.set_ylim(-0.08, 1.2)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("confidence (numbers: findings)")
    axes.set_ylabel("share that is right")
    return _svg(figure, "Calibration")


def _figure(rows: int = 1) -> tuple[Figure, Any]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 11, "font.family": "sans-serif"}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.subplots(rows, sharex=True)
    for one in np.ravel(axes):
        _plain(one)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(color=_LINE, linewidth=0.8)
    axes.tick_params(colors=_INK, length=0)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    for side in axes.spines.values():
        side.set_visible(False)


def _svg(figure: Figure, title: str) -> str:
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "countlab"}):
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    drawn = written.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    for colour, variable in _VARIABLES.items():
        drawn = drawn.replace(colour, f"var({variable})")
    drawn = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 inherit", drawn)
    named = f'<svg role="img" aria-label="{html.escape(title)}"'
    return re.sub(r'<svg width="[^"]*" height="[^"]*"|<svg', named, drawn, count=1)
