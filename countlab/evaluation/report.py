"""HTML report of an evaluation: tables, plots, and the worst pictures with their boxes.

Self-contained: everything is inside the page, so that it can be mailed as a single file.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

import cv2

from countlab import __version__
from countlab.evaluation.comparison import Increase
from countlab.evaluation.metrics import CountMetrics, Estimate, Row
from countlab.evaluation.plots import all_plots
from countlab.evaluation.run import EvaluatedPicture
from countlab.evaluation.summary import EvaluationSummary
from countlab.imaging.annotate import draw
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import read_picture, write_picture

_WORST_PICTURES = 12
_MAX_SIDE_PX = 560
_HEADINGS = ("", "rows", "exactly right", "off by one at most", "mean error", "bias", "RMS error")


def render_report(
    summaries: Sequence[EvaluationSummary], *, folder: str, increase: Increase | None = None
) -> str:
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    sections = [_overview(summaries), _increase_section(increase) if increase else ""]
    sections += [_details(summary, alone=len(summaries) == 1) for summary in summaries]
    return Template(template).substitute(
        folder=escape(folder), body="\n".join(sections), version=escape(__version__)
    )


def _overview(summaries: Sequence[EvaluationSummary]) -> str:
    rows = [(summary.name, summary.nonzero or summary.overall) for summary in summaries]
    leads = "".join(f"<p class=lead>{_lead(summary)}</p>" for summary in summaries)
    note = (
        "<p class=note>A row is one object in one picture. In this table only rows where there is "
        "something to count: zeros come easily. Below each figure, where it would lie in 95 of "
        "100 draws of such pictures; no width means that no error was seen, not that there is "
        "none. Mean error and RMS error are in objects (RMS weighs large errors more); bias is "
        "above zero where too many are counted.</p>"
    )
    return f"<section>{leads}{_metrics_table(rows)}{_precision_table(summaries)}{note}</section>"


def _lead(summary: EvaluationSummary) -> str:
    pictures = len(summary.run.pictures)
    metrics = summary.nonzero or summary.overall
    missing = ", ".join(summary.run.not_counted)
    return (
        f"<b>{escape(summary.name)}</b> counted {pictures} pictures at confidence "
        f"{summary.confidence:g}. Where there is {'something' if summary.nonzero else 'nothing'} "
        f"to count, <b>{metrics.exact.value:.0%}</b> of the counts are exactly right and a count "
        f"is off by <b>{metrics.mae.value:.2f}</b> objects on average."
        + (f" It does not know: {escape(missing)}." if missing else "")
    )


def _precision_table(summaries: Sequence[EvaluationSummary]) -> str:
    rows = "".join(
        f"<tr><th>{escape(summary.name)}<td>{precision.map50:.3f}<td>{precision.map:.3f}"
        for summary in summaries
        if (precision := summary.average_precision)
    )
    if not rows:
        return ""
    return (
        "<div class=scroll><table><tr><th>where the boxes are<th>mAP at half an overlap"
        f"<th>mAP (COCO)</tr>{rows}</table></div>"
    )


def _increase_section(increase: Increase) -> str:
    return (
        f"<section><h2>Against {escape(increase.other)}</h2><p>The mean error is "
        f"<b>{increase.value:+.3f}</b> objects larger (90 % of paired draws: {increase.low:+.3f} "
        f"to {increase.high:+.3f}), over {increase.rows} rows in {increase.pictures} pictures.</p>"
        "</section>"
    )


def _details(summary: EvaluationSummary, *, alone: bool) -> str:
    title = "" if alone else f"<h2 class=model>{escape(summary.name)}</h2>"
    plots = "".join(
        f"<figure><h3>{escape(name)}</h3>{svg}<figcaption>{escape(about)}</figcaption></figure>"
        for name, about, svg in all_plots(summary)
    )
    return (
        f"<section>{title}<h2>By object</h2>{_metrics_table(summary.by_label.items())}"
        f"<h2>By how many there are</h2>{_metrics_table(summary.by_truth.items())}"
        "<p class=note>By object, pictures without it count too.</p>"
        f"{_best_confidence_table(summary)}</section><section><h2>In pictures</h2>"
        f"<div class=plots>{plots}</div></section>{_worst_pictures(summary)}"
    )


def _best_confidence_table(summary: EvaluationSummary) -> str:
    if not summary.best:
        return ""
    rows = "".join(
        f"<tr><th>{escape(label)}<td>{best.confidence:.2f}"
        f"<td>{best.span}"
        f"<td>{best.mae:.2f}<td>{best.mae_as_asked:.2f}</tr>"
        for label, best in summary.best.items()
    )
    return (
        "<h2>Which confidence is best?</h2><div class=scroll><table><tr><th><th>best here"
        "<th>best in each fold<th>mean error on pictures that did not choose"
        f"<th>mean error at {summary.confidence:g}</tr>{rows}</table></div><p class=note>"
        "A confidence that is chosen and judged on the same pictures looks better than it is. "
        "So the pictures are dealt into five folds, and each is judged with the confidence that "
        "is best for the others. Change it only where the fourth column is smaller than the "
        "fifth.</p>"
    )


def _worst_pictures(summary: EvaluationSummary) -> str:
    worst = summary.worst(_WORST_PICTURES)
    if not worst:
        return "<section><h2>The worst pictures</h2><p>No count is wrong.</p></section>"
    figures = "".join(_picture_figure(picture, rows, summary.confidence) for picture, rows in worst)
    return f"<section><h2>The worst pictures</h2><div class=worst>{figures}</div></section>"


def _picture_figure(picture: EvaluatedPicture, rows: Sequence[Row], confidence: float) -> str:
    errors = "".join(
        f"<li>{escape(row.object)}: {row.truth}, counted <b>{row.counted}</b></li>" for row in rows
    )
    jpeg = base64.b64encode(_jpeg_with_boxes(picture, confidence)).decode("ascii")
    name = escape(picture.truth.name)
    return (
        f'<figure><img alt="{name} with boxes" src="data:image/jpeg;base64,{jpeg}">'
        f"<figcaption><b>{name}</b><ul>{errors}</ul></figcaption></figure>"
    )


def _jpeg_with_boxes(evaluated: EvaluatedPicture, confidence: float) -> bytes:
    """Scaled down, so that a page with many pictures can be mailed."""
    picture = read_picture(read_bytes(evaluated.truth.path), max_bytes=10**9, max_pixels=10**9)
    pixels = draw(picture.pixels, evaluated.above(confidence))
    scale = min(1, _MAX_SIDE_PX / max(picture.width, picture.height))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return write_picture(small.astype("uint8", copy=False), "JPEG")


def _metrics_table(rows: Iterable[tuple[str, CountMetrics]]) -> str:
    headings = "".join(f"<th>{heading}" for heading in _HEADINGS)
    lines = "".join(f"<tr><th>{escape(name)}{_cells(metrics)}</tr>" for name, metrics in rows)
    return f"<div class=scroll><table><tr>{headings}</tr>{lines}</table></div>"


def _cells(metrics: CountMetrics) -> str:
    shares = "".join(_cell(share, "{:.0%}") for share in (metrics.exact, metrics.within_one))
    errors = (
        _cell(metrics.mae, "{:.2f}") + _cell(metrics.bias, "{:+.2f}") + _cell(metrics.rms, "{:.2f}")
    )
    return f"<td>{metrics.rows}{shares}{errors}"


def _cell(estimate: Estimate, template: str) -> str:
    if estimate.low is None or estimate.high is None:
        return f"<td>{template.format(estimate.value)}"
    interval = f"{template.format(estimate.low)} to {template.format(estimate.high)}"
    return f"<td>{template.format(estimate.value)}<small>{interval}</small>"
