"""The results as pictures, one file for each part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import pyplot

_COLOURS = ("#9a9a9a", "#c0a060", "#5b8fc7", "#2f6fb0", "#d9662b", "#3f9d62", "#8a5fb5", "#b04a6a")


def draw(data: dict[str, Any], folder: Path) -> list[Path]:
    """Draws what is there; returns the files."""
    pyplot.switch_backend("Agg")  # to files, also where there is no screen
    sides = {"quick": {"yolov3-tiny": data["quick"]["sides"]}} if "quick" in data else {}
    sides |= {part: data[part] for part in ("servers", "peers") if data.get(part)}
    drawn = [_bars(models, folder / f"{part}.png") for part, models in sides.items()]
    if "growth" in data:
        drawn.append(_curves(data["growth"], folder / "growth.png"))
    return drawn


def _bars(models: dict[str, list[dict[str, Any]]], path: Path) -> Path:
    """Requests per second: a row for each model, a panel for each answer and number of clients."""
    loads = [_loads(sides) for sides in models.values()]
    figure, axes = pyplot.subplots(
        len(models),
        max(map(len, loads)),
        figsize=(3.4 * max(map(len, loads)), 2.6 * len(models)),
        squeeze=False,
        layout="constrained",
    )
    for (name, sides), row, wanted in zip(models.items(), axes, loads, strict=True):
        for panel, (answer, clients) in zip(row, wanted, strict=False):
            rates = [list(_rates(side, answer, clients)) for side in sides]
            middles = [median(rate) for rate in rates]
            low = [m - min(rate) for m, rate in zip(middles, rates, strict=True)]
            high = [max(rate) - m for m, rate in zip(middles, rates, strict=True)]
            names = [side["server"] for side in sides]
            panel.barh(names, middles, xerr=(low, high), color=_COLOURS[: len(names)])
            panel.invert_yaxis()
            panel.set_title(f"{name}: {answer}, {clients} client{'s' * (clients > 1)}", fontsize=9)
            panel.set_xlabel("requests a second", fontsize=8)
            panel.tick_params(labelsize=8)
            if panel is not row[0]:
                panel.set_yticklabels([])
    return _saved(figure, path)


def _curves(growth: dict[str, Any], path: Path) -> Path:
    figure, axes = pyplot.subplots(
        2, len(growth), figsize=(4 * len(growth), 5), squeeze=False, layout="constrained"
    )
    for (what, series), (upper, lower) in zip(growth.items(), axes.T, strict=True):
        sizes = [point["size"] for point in series["points"]]
        upper.plot(sizes, [point["per_second"] for point in series["points"]], "o-")
        lower.plot(sizes, [point["memory_mb"] for point in series["points"]], "o-", c=_COLOURS[4])
        upper.set_title(f"{what} ({series['of']})", fontsize=9)
        upper.set_ylabel(series["rate"], fontsize=8)
        lower.set_ylabel("memory, MB", fontsize=8)
        lower.set_xlabel(what, fontsize=8)
        for panel in (upper, lower):
            panel.set_xscale("log")
            panel.set_ylim(bottom=0)
            panel.tick_params(labelsize=8)
    return _saved(figure, path)


def _loads(sides: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((s["answer"], s["clients"]) for s in sides[0]["stretches"]))


def _rates(side: dict[str, Any], answer: str, clients: int) -> Iterator[float]:
    for stretch in side["stretches"]:
        if (stretch["answer"], stretch["clients"]) == (answer, clients):
            yield stretch["per_second"]


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
