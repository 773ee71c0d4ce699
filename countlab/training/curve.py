"""The live curve of a run: an SVG that any browser shows, written anew after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from countlab.system.whole_file import write_whole

_WIDTH, _HEIGHT, _EDGE = 760, 320, 48
_LINES = (
    ("loss", "training loss", "#8aa0b4"),
    ("validation_loss", "validation loss", "#c25b3f"),
    ("validation_accuracy", "validation accuracy", "#2f7d5b"),
)


def write_curve(path: Path, epochs: Sequence[dict[str, float]], *, title: str, last: int) -> None:
    """Losses on the left scale, accuracy from 0 to 1 on the right."""
    write_whole(path, curve(epochs, title=title, last=last).encode())


def curve(epochs: Sequence[dict[str, float]], *, title: str, last: int) -> str:
    losses = [e[name] for e in epochs for name in ("loss", "validation_loss") if name in e]
    top = max(1e-6, *losses) * 1.05
    parts = [_frame(title, last, top)]
    for name, label, colour in _LINES:
        scale = 1.0 if name.endswith("accuracy") else top
        points = [(e["epoch"] / max(1, last), e[name] / scale) for e in epochs if name in e]
        parts.append(_line(points, colour))
        parts.append(_legend(label, colour, [label for _, label, _ in _LINES].index(label)))
    return "\n".join([*parts, "</svg>\n"])


def _place(along: float, up: float) -> tuple[float, float]:
    x = _EDGE + along * (_WIDTH - 2 * _EDGE)
    return round(x, 1), round(_HEIGHT - _EDGE - min(1.0, up) * (_HEIGHT - 2 * _EDGE), 1)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    places = " ".join(f"{x},{y}" for x, y in (_place(*point) for point in points))
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _legend(label: str, colour: str, number: int) -> str:
    x = _EDGE + number * 190
    return (
        f'<rect x="{x}" y="{_HEIGHT - 16}" width="14" height="4" fill="{colour}"/>'
        f'<text x="{x + 20}" y="{_HEIGHT - 10}">{label}</text>'
    )


def _frame(title: str, last: int, top: float) -> str:
    left, base = _place(0, 0)
    right, ceiling = _place(1, 1)
    marks = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = _place(0, share)
        marks.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>')
        marks.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{top * share:.2f}</text>')
        marks.append(f'<text x="{right + 6}" y="{y + 4}">{share:.0%}</text>')
        epoch = round(share * last)
        x, _ = _place(epoch / max(1, last), 0)
        marks.append(f'<text x="{x}" y="{base + 16}" text-anchor="middle">{epoch}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{left}" y="{ceiling - 18}" font-size="14">{escape(title)}</text>'
        + "".join(marks)
    )
