"""The page that every report on counts, classes and datasets is: its frame, tables and pictures.

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
from countlab.imaging.picture import Pixels, write_picture
from countlab.messages import Language

_MAX_SIDE_PX = 560


def render_page(
    title: str, sections: Sequence[str], *, folder: str, language: Language = "en"
) -> str:
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=escape(title),
        folder=escape(folder),
        language=language,
        body="\n".join(sections),
        version=escape(__version__),
    )


def table(headings: Sequence[str], rows: Iterable[tuple[str, str]]) -> str:
    """Each row is its name and its cells as HTML."""
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    lines = "".join(f"<tr><th>{escape(name)}{cells}</tr>" for name, cells in rows)
    return f"<div class=scroll><table><tr>{head}</tr>{lines}</table></div>"


def cell(value: float, template: str, interval: Sequence[float] | None = None) -> str:
    """A figure, and below it its interval where there is one."""
    if not interval:
        return f"<td>{template.format(value)}"
    low, high = (template.format(end) for end in interval)
    return f"<td>{template.format(value)}<small>{low} to {high}</small>"


def plots_section(plots: Iterable[tuple[str, str, str]]) -> str:
    """Title, explanation and SVG of each plot."""
    figures = "".join(
        f"<figure><h3>{escape(name)}</h3>{svg}<figcaption>{escape(about)}</figcaption></figure>"
        for name, about, svg in plots
    )
    return f"<section><h2>In pictures</h2><div class=plots>{figures}</div></section>"


def worst_section(figures: Sequence[str], *, none: str) -> str:
    if not figures:
        return f"<section><h2>The worst pictures</h2><p>{escape(none)}</p></section>"
    return (
        f"<section><h2>The worst pictures</h2><div class=worst>{''.join(figures)}</div></section>"
    )


def picture_figure(pixels: Pixels, *, name: str, shows: str, caption: str) -> str:
    """`shows` says what is drawn over the picture; `caption` is HTML."""
    jpeg = base64.b64encode(_small_jpeg(pixels)).decode("ascii")
    return (
        f'<figure><img alt="{escape(name)} with {escape(shows)}" '
        f'src="data:image/jpeg;base64,{jpeg}">'
        f"<figcaption><b>{escape(name)}</b>{caption}</figcaption></figure>"
    )


def increase_section(increase: Increase, what: str) -> str:
    """`what` names the figure that grew, and in what it is measured: “mean error … objects”."""
    name, unit = what.split("|")
    return (
        f"<section><h2>Against {escape(increase.other)}</h2><p>The {name} is "
        f"<b>{increase.value:+.3f}</b>{unit} larger (90 % of paired draws: {increase.low:+.3f} "
        f"to {increase.high:+.3f}), over {increase.rows} rows in {increase.pictures} pictures.</p>"
        "</section>"
    )


def _small_jpeg(pixels: Pixels) -> bytes:
    """Scaled down, so that a page with many pictures can be mailed."""
    height, width = pixels.shape[:2]
    scale = min(1, _MAX_SIDE_PX / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return write_picture(small.astype("uint8", copy=False), "JPEG")
