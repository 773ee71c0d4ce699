"""One page that shows how a model counts: figures, plots, and the worst pictures first.

Everything is inside the page, so that it can be mailed or handed in as a single file.
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

_WORST = 12
_LONGEST_SIDE = 560  # pixels of a picture in the page
_HEADS = ("", "rows", "exactly right", "off by one at most", "mean error", "bias", "RMS error")


def page_of(
    judged: Sequence[EvaluationSummary], *, folder: str, increase: Increase | None = None
) -> str:
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    parts = [_summary(judged), _against(increase) if increase else ""]
    parts += [_section(one, alone=len(judged) == 1) for one in judged]
    return Template(template).substitute(
        folder=escape(folder), body="\n".join(parts), version=escape(__version__)
    )


def _summary(judged: Sequence[EvaluationSummary]) -> str:
    rows = [(one.name, one.some or one.overall) for one in judged]
    words = "".join(f"<p class=lead>{_in_words(one)}</p>" for one in judged)
    explained = (
        "<p class=note>A row is one object in one picture. In this table only rows where there is "
        "something to count: zeros come easily. Below each figure, where it would lie in 95 of "
        "100 draws of such pictures; no width means that no error was seen, not that there is "
        "none. Mean error and RMS error are in objects (RMS weighs large errors more); bias is "
        "above zero where too many are counted.</p>"
    )
    return f"<section>{words}{_table(rows)}{_precision(judged)}{explained}</section>"


def _in_words(one: EvaluationSummary) -> str:
    pictures = len(one.measured.seen)
    some = one.some or one.overall
    missing = ", ".join(one.measured.not_counted)
    return (
        f"<b>{escape(one.name)}</b> counted {pictures} pictures at confidence {one.confidence:g}. "
        f"Where there is {'something' if one.some else 'nothing'} to count, "
        f"<b>{some.exact.value:.0%}</b> of the counts are exactly right and a count "
        f"is off by <b>{some.mae.value:.2f}</b> objects on average."
        + (f" It does not know: {escape(missing)}." if missing else "")
    )


def _precision(judged: Sequence[EvaluationSummary]) -> str:
    told = [(one.name, one.average_precision) for one in judged if one.average_precision]
    if not told:
        return ""
    lines = "".join(
        f"<tr><th>{escape(name)}<td>{precise.map50:.3f}<td>{precise.map:.3f}"
        for name, precise in told
    )
    return (
        "<div class=scroll><table><tr><th>where the boxes are<th>mAP at half an overlap"
        f"<th>mAP (COCO)</tr>{lines}</table></div>"
    )


def _against(found: Increase) -> str:
    return (
        f"<section><h2>Against {escape(found.other)}</h2><p>The mean error is "
        f"<b>{found.value:+.3f}</b> objects larger (90 % of paired draws: {found.low:+.3f} to "
        f"{found.high:+.3f}), over {found.rows} rows in {found.pictures} pictures.</p></section>"
    )


def _section(one: EvaluationSummary, *, alone: bool) -> str:
    title = "" if alone else f"<h2 class=model>{escape(one.name)}</h2>"
    plots = "".join(
        f"<figure><h3>{escape(name)}</h3>{svg}<figcaption>{escape(about)}</figcaption></figure>"
        for name, about, svg in all_plots(one)
    )
    return (
        f"<section>{title}<h2>By object</h2>{_table(one.by_label.items())}"
        f"<h2>By how many there are</h2>{_table(one.by_truth.items())}"
        f"<p class=note>By object, pictures without it count too.</p>{_best(one)}</section>"
        f"<section><h2>In pictures</h2><div class=plots>{plots}</div></section>{_worst(one)}"
    )


def _best(one: EvaluationSummary) -> str:
    if not one.best:
        return ""
    lines = "".join(
        f"<tr><th>{escape(label)}<td>{best.confidence:.2f}"
        f"<td>{best.span}"
        f"<td>{best.mae:.2f}<td>{best.mae_as_asked:.2f}</tr>"
        for label, best in one.best.items()
    )
    return (
        "<h2>Which confidence is best?</h2><div class=scroll><table><tr><th><th>best here"
        "<th>best in each fold<th>mean error on pictures that did not choose"
        f"<th>mean error at {one.confidence:g}</tr>{lines}</table></div><p class=note>A confidence "
        "that is chosen and judged on the same pictures looks better than it is. So the pictures "
        "are dealt into five folds, and each is judged with the confidence that is best for the "
        "others. Change it only where the fourth column is smaller than the fifth.</p>"
    )


def _worst(one: EvaluationSummary) -> str:
    worst = one.worst(_WORST)
    if not worst:
        return "<section><h2>The worst pictures</h2><p>No count is wrong.</p></section>"
    shown = "".join(_picture(seen, rows, one.confidence) for seen, rows in worst)
    return f"<section><h2>The worst pictures</h2><div class=worst>{shown}</div></section>"


def _picture(seen: EvaluatedPicture, rows: Sequence[Row], confidence: float) -> str:
    wrong = "".join(
        f"<li>{escape(row.object)}: {row.truth}, counted <b>{row.counted}</b></li>" for row in rows
    )
    drawn = base64.b64encode(_drawn(seen, confidence)).decode("ascii")
    name = escape(seen.known.name)
    return (
        f'<figure><img alt="{name} with boxes" src="data:image/jpeg;base64,{drawn}">'
        f"<figcaption><b>{name}</b><ul>{wrong}</ul></figcaption></figure>"
    )


def _drawn(seen: EvaluatedPicture, confidence: float) -> bytes:
    """With what was counted, small enough that a page of them can be mailed."""
    picture = read_picture(read_bytes(seen.known.path), max_bytes=10**9, max_pixels=10**9)
    pixels = draw(picture.pixels, seen.above(confidence))
    scale = min(1, _LONGEST_SIDE / max(picture.width, picture.height))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return write_picture(small.astype("uint8", copy=False), "JPEG")


def _table(rows: Iterable[tuple[str, CountMetrics]]) -> str:
    heads = "".join(f"<th>{head}" for head in _HEADS)
    lines = "".join(f"<tr><th>{escape(name)}{_cells(one)}</tr>" for name, one in rows)
    return f"<div class=scroll><table><tr>{heads}</tr>{lines}</table></div>"


def _cells(one: CountMetrics) -> str:
    shares = "".join(_cell(share, "{:.0%}") for share in (one.exact, one.within_one))
    errors = _cell(one.mae, "{:.2f}") + _cell(one.bias, "{:+.2f}") + _cell(one.rms, "{:.2f}")
    return f"<td>{one.rows}{shares}{errors}"


def _cell(one: Estimate, form: str) -> str:
    if one.low is None or one.high is None:
        return f"<td>{form.format(one.value)}"
    ends = f"{form.format(one.low)} to {form.format(one.high)}"
    return f"<td>{form.format(one.value)}<small>{ends}</small>"
