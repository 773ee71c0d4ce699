"""Figures of the evaluation reports: SVG whose colors follow the page's light or dark theme."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Placeholder colors: each is replaced by a CSS variable of the page.
_VARIABLES = {"#010203": "--ink", "#040506": "--line", "#070809": "--main", "#0a0b0c": "--second"}
INK, LINE, MAIN, SECOND = _VARIABLES
_WIDTH, _HEIGHT = 4.6, 3.3  # inches: text keeps about its size at a phone's width


def circle_area(number: int) -> float:
    """In square points; logarithmic, so that frequent pairs do not cover the others."""
    return float(30 + 60 * np.log2(number))


def new_figure(rows: int = 1) -> tuple[Figure, Any]:
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
    axes.grid(color=LINE, linewidth=0.8)
    axes.tick_params(colors=INK, length=0)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def as_svg(figure: Figure, title: str) -> str:
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
