"""Plots of the report on counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from countlab.evaluation.figure_svg import INK, LINE, MAIN, SECOND, as_svg, circle_area, new_figure
from countlab.evaluation.matching import match_findings
from countlab.evaluation.metrics import Row
from countlab.evaluation.run import CONFIDENCES, EvaluatedPicture
from countlab.evaluation.summary import EvaluationSummary


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
    figure, axes = new_figure()
    groups = list(summary.by_truth)
    metrics = list(summary.by_truth.values())
    positions = range(len(groups))
    axes.bar(positions, [group.mae.value for group in metrics], color=MAIN, width=0.6)
    for x, group in zip(positions, metrics, strict=True):
        if group.mae.low is not None and group.mae.high is not None:
            axes.plot([x, x], [group.mae.low, group.mae.high], color=INK, linewidth=1.5)
    biases = [group.bias.value for group in metrics]
    axes.plot(positions, biases, "o", color=SECOND, markersize=7)
    axes.axhline(0, color=INK, linewidth=0.8)
    tick_labels = [f"{name}\n({group.rows})" for name, group in zip(groups, metrics, strict=True)]
    axes.set_xticks(positions, tick_labels)
    axes.set_xlabel("true count (in brackets: how many rows)")
    axes.set_ylabel("objects")
    return as_svg(figure, "Error by true count")


def _count_against_truth(rows: Sequence[Row]) -> str:
    figure, axes = new_figure()
    numbers = Counter((row.truth, row.counted) for row in rows)
    top = max(max(pair) for pair in numbers) + 1
    axes.fill_between([-1, top], [-2, top - 1], [0, top + 1], color=LINE, alpha=0.5, linewidth=0)
    axes.plot([-1, top], [-1, top], color=INK, linewidth=1)
    for (truth, counted), number in numbers.items():
        color = MAIN if truth == counted else SECOND
        axes.scatter(truth, counted, s=circle_area(number), color=color, alpha=0.85)
    axes.set_xlim(-1, top)
    axes.set_ylim(-1, top)
    axes.locator_params(integer=True)
    axes.set_xlabel("true count")
    axes.set_ylabel("counted")
    return as_svg(figure, "Count against truth")


def _count_against_confidence(summary: EvaluationSummary) -> str:
    figure, (count_axes, error_axes) = new_figure(rows=2)
    rows_by_step = [summary.run.rows(step) for step in CONFIDENCES]
    counts = [sum(row.counted for row in rows) for rows in rows_by_step]
    count_axes.plot(CONFIDENCES, counts, color=MAIN)
    truth = sum(row.truth for row in summary.rows)
    count_axes.axhline(truth, color=INK, linewidth=1, linestyle="--")
    count_axes.set_ylim(bottom=0)
    count_axes.set_ylabel("counted")
    errors = [np.mean([abs(row.error) for row in rows]) for rows in rows_by_step]
    error_axes.plot(CONFIDENCES, errors, color=SECOND)
    error_axes.set_ylim(bottom=0)
    error_axes.set_ylabel("mean error")
    error_axes.set_xlabel("confidence")
    for axes in (count_axes, error_axes):
        axes.axvline(summary.confidence, color=INK, linewidth=0.8, linestyle=":")
    return as_svg(figure, "Count against confidence")


def _calibration(pictures: Sequence[EvaluatedPicture]) -> str:
    figure, axes = new_figure()
    axes.plot([0.2, 1], [0.2, 1], color=INK, linewidth=1)
    matches = np.array(
        [match for picture in pictures for match in match_findings(picture)], np.float64
    )
    for low in np.arange(0.2, 0.95, 0.1) if len(matches) else ():
        # The epsilon keeps a confidence of exactly `low + 0.1` in its bin.
        in_bin = matches[(matches[:, 0] > low) & (matches[:, 0] <= low + 0.1 + 1e-9)]
        if len(in_bin):
            mean_confidence, share_correct = in_bin.mean(axis=0)
            area = circle_area(len(in_bin))
            label_offset = 0, area**0.5 / 2 + 2  # points: just above the circle
            axes.scatter(mean_confidence, share_correct, s=area, color=MAIN, alpha=0.85)
            axes.annotate(
                str(len(in_bin)),
                (mean_confidence, share_correct),
                xytext=label_offset,
                textcoords="offset points",
                color=INK,
                ha="center",
                fontsize=9,
            )
    axes.set_xlim(0.15, 1.05)
    axes.set_ylim(-0.08, 1.2)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("confidence (numbers: findings)")
    axes.set_ylabel("share that is right")
    return as_svg(figure, "Calibration")
