"""Plots of the results, one file per part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import pyplot

_COLORS = ("#9a9a9a", "#c0a060", "#5b8fc7", "#2f6fb0", "#d9662b", "#3f9d62", "#8a5fb5", "#b04a6a")


def draw(data: dict[str, Any], folder: Path) -> list[Path]:
    """Draw what the data contains; returns the files."""
    pyplot.switch_backend("Agg")  # works without a display
    results = {"quick": {"yolov3-tiny": data["quick"]["sides"]}} if "quick" in data else {}
    results |= {part: data[part] for part in ("servers", "peers", "labs") if data.get(part)}
    files = [_bars(models, folder / f"{part}.png") for part, models in results.items()]
    if "growth" in data:
        files.append(_curves(data["growth"], folder / "growth.png"))
    return files


def _bars(models: dict[str, list[dict[str, Any]]], path: Path) -> Path:
    """Requests per second: a row per model, a panel per response type and number of clients."""
    loads = [_loads(results) for results in models.values()]
    figure, axes = pyplot.subplots(
        len(models),
        max(map(len, loads)),
        figsize=(3.4 * max(map(len, loads)), 2.6 * len(models)),
        squeeze=False,
        layout="constrained",
    )
    for (name, results), row, panels in zip(models.items(), axes, loads, strict=True):
        for panel, (answer, clients) in zip(row, panels, strict=False):
            rates = [list(_rates(result, answer, clients)) for result in results]
            medians = [median(rate) for rate in rates]
            low = [center - min(rate) for center, rate in zip(medians, rates, strict=True)]
            high = [max(rate) - center for center, rate in zip(medians, rates, strict=True)]
            names = [result["server"] for result in results]
            panel.barh(names, medians, xerr=(low, high), color=_COLORS[: len(names)])
            panel.invert_yaxis()
            panel.set_title(f"{name}: {answer}, {clients} client{'s' * (clients > 1)}", fontsize=9)
            panel.set_xlabel("requests a second", fontsize=8)
            panel.tick_params(labelsize=8)
            if panel is not row[0]:
                panel.set_yticklabels([])
    return _save(figure, path)


def _curves(growth: dict[str, Any], path: Path) -> Path:
    figure, axes = pyplot.subplots(
        2, len(growth), figsize=(4 * len(growth), 5), squeeze=False, layout="constrained"
    )
    for (title, series), (upper, lower) in zip(growth.items(), axes.T, strict=True):
        sizes = [point["size"] for point in series["points"]]
        upper.plot(sizes, [point["per_second"] for point in series["points"]], "o-")
        lower.plot(sizes, [point["memory_mb"] for point in series["points"]], "o-", c=_COLORS[4])
        upper.set_title(f"{title} ({series['of']})", fontsize=9)
        upper.set_ylabel(series["rate"], fontsize=8)
        lower.set_ylabel("memory, MB", fontsize=8)
        lower.set_xlabel(title, fontsize=8)
        for panel in (upper, lower):
            panel.set_xscale("log")
            panel.set_ylim(bottom=0)
            panel.tick_params(labelsize=8)
    return _save(figure, path)


def _loads(results: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return list(
        dict.fromkeys(
            (measurement["answer"], measurement["clients"])
            for measurement in results[0]["stretches"]
        )
    )


def _rates(result: dict[str, Any], answer: str, clients: int) -> Iterator[float]:
    for measurement in result["stretches"]:
        if (measurement["answer"], measurement["clients"]) == (answer, clients):
            yield measurement["per_second"]


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
