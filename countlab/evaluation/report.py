"""HTML report on counts: tables, plots, and the worst pictures with their boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from countlab.evaluation.comparison import Increase
from countlab.evaluation.metrics import CountMetrics, Estimate, Row
from countlab.evaluation.page import (
    cell,
    increase_section,
    picture_figure,
    plots_section,
    render_page,
    table,
    worst_section,
)
from countlab.evaluation.plots import all_plots
from countlab.evaluation.run import EvaluatedPicture
from countlab.evaluation.summary import EvaluationSummary
from countlab.imaging.annotate import draw
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, read_picture

_WORST_PICTURES = 12
_HEADINGS = ("", "rows", "exactly right", "off by one at most", "mean error", "bias", "RMS error")


def render_report(
    summaries: Sequence[EvaluationSummary], *, folder: str, increase: Increase | None = None
) -> str:
    sections = [_overview(summaries)]
    if increase:
        sections.append(increase_section(increase, "mean error| objects"))
    sections += [_details(summary, alone=len(summaries) == 1) for summary in summaries]
    return render_page("How well are they counted?", sections, folder=folder)


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
    rows = [
        (summary.name, f"<td>{precision.map50:.3f}<td>{precision.map:.3f}")
        for summary in summaries
        if (precision := summary.average_precision)
    ]
    return (
        table(("where the boxes are", "mAP at half an overlap", "mAP (COCO)"), rows) if rows else ""
    )


def _details(summary: EvaluationSummary, *, alone: bool) -> str:
    title = "" if alone else f"<h2 class=model>{escape(summary.name)}</h2>"
    return (
        f"<section>{title}<h2>By object</h2>{_metrics_table(summary.by_label.items())}"
        f"<h2>By how many there are</h2>{_metrics_table(summary.by_truth.items())}"
        "<p class=note>By object, pictures without it count too.</p>"
        f"{_best_confidence_table(summary)}</section>{plots_section(all_plots(summary))}"
        f"{_worst_pictures(summary)}"
    )


def _best_confidence_table(summary: EvaluationSummary) -> str:
    if not summary.best:
        return ""
    rows = [
        (
            label,
            f"<td>{best.confidence:.2f}<td>{best.span}<td>{best.mae:.2f}<td>{best.mae_as_asked:.2f}",
        )
        for label, best in summary.best.items()
    ]
    headings = (
        "", "best here", "best in each fold", "mean error on pictures that did not choose",
        f"mean error at {summary.confidence:g}",
    )  # fmt: skip
    return (
        f"<h2>Which confidence is best?</h2>{table(headings, rows)}<p class=note>"
        "A confidence that is chosen and judged on the same pictures looks better than it is. "
        "So the pictures are dealt into five folds, and each is judged with the confidence that "
        "is best for the others. Change it only where the fourth column is smaller than the "
        "fifth.</p>"
    )


def _worst_pictures(summary: EvaluationSummary) -> str:
    figures = [
        picture_figure(
            _with_boxes(picture, summary.confidence),
            name=picture.truth.name,
            shows="boxes",
            caption=_errors(rows),
        )
        for picture, rows in summary.worst(_WORST_PICTURES)
    ]
    return worst_section(figures, none="No count is wrong.")


def _errors(rows: Sequence[Row]) -> str:
    lines = "".join(
        f"<li>{escape(row.object)}: {row.truth}, counted <b>{row.counted}</b></li>" for row in rows
    )
    return f"<ul>{lines}</ul>"


def _with_boxes(evaluated: EvaluatedPicture, confidence: float) -> Pixels:
    picture = read_picture(read_bytes(evaluated.truth.path), max_bytes=10**9, max_pixels=10**9)
    return draw(picture.pixels, evaluated.above(confidence))


def _metrics_table(rows: Iterable[tuple[str, CountMetrics]]) -> str:
    return table(_HEADINGS, ((name, _cells(metrics)) for name, metrics in rows))


def _cells(metrics: CountMetrics) -> str:
    shares = "".join(_cell(share, "{:.0%}") for share in (metrics.exact, metrics.within_one))
    errors = (
        _cell(metrics.mae, "{:.2f}") + _cell(metrics.bias, "{:+.2f}") + _cell(metrics.rms, "{:.2f}")
    )
    return f"<td>{metrics.rows}{shares}{errors}"


def _cell(estimate: Estimate, template: str) -> str:
    if estimate.low is None or estimate.high is None:
        return cell(estimate.value, template)
    return cell(estimate.value, template, (estimate.low, estimate.high))
