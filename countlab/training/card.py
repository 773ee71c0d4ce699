"""The model card: what a classifier knows, how good it is, where not to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countlab.training.lab import Lab
from countlab.training.lab_sections import Source


def card(lab: Lab, described: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Markdown, made from the figures alone, so that it cannot say more than was measured."""
    parts = [
        f"# {lab.name}: {lab.title[0].lower()}{lab.title[1:]}\n",
        f"Made by `countlab train labs/{lab.name}`. {_size(described)}\n",
        _sources(lab, evaluation),
    ]
    for name, figures in evaluation["sets"].items():
        parts.append(_set(name, figures))
    if evaluation["unlike"]:
        parts.append(_unlike(evaluation["unlike"], described["unfamiliar"]))
    parts.append(
        f"Figures: `evaluation.json`, from the exported graph itself. Licence of the weights: "
        f"{lab.licence}.\n"
    )
    return "\n".join(parts)


def _size(described: Mapping[str, Any]) -> str:
    training, graph = described["training"], described["files"]["graph"]
    width, height = described["input"]
    return (
        f"{training['architecture']['name']}, {training['parameters']:,} parameters, "
        f"{graph['bytes'] / 1e6:.2f} MB, input {width} × {height}, temperature "
        f"{described['calibration']['temperature']}, seed {training['seed']}."
    )


def _sources(lab: Lab, evaluation: Mapping[str, Any]) -> str:
    lines = [f"- {_source(source)}" for source in lab.data]
    parts = evaluation["training"]["parts"]
    counted = ", ".join(f"{number:,} {part}" for part, number in parts.items())
    return (
        "## Data\n\n" + "\n".join(lines) + f"\n\nPictures: {counted}. The split was made by "
        "content before anything else; pictures that look alike are in one part.\n"
    )


def _source(source: Source) -> str:
    if source.kind.startswith("rendered"):
        return f"{source.number:,} rendered photographs of digits, made while training begins"
    if not source.origin:
        return "a folder of pictures"
    return f"{source.path}: {source.origin} (licence: {source.licence})"


def _set(name: str, figures: Mapping[str, Any]) -> str:
    low, high = figures["accuracy_interval"]
    rows = [
        f"| {label} | {c['pictures']} | {c['recall']:.1%} | {c['precision']:.1%} | {c['f1']:.3f} |"
        for label, c in figures["classes"].items()
    ]
    return (
        f"## Judged on: {name}\n\n{figures['right']:,} of {figures['pictures']:,} right: "
        f"**{figures['accuracy']:.2%}** (95 % interval {low:.1%} to {high:.1%}). Expected "
        f"calibration error {figures['calibration_error']:.3f}; on so few pictures perfect answers "
        f"would show {figures['calibration_error_by_chance']:.3f} by chance. Called unfamiliar: "
        f"{figures['called_unfamiliar']:.1%}.\n\n"
        "| class | pictures | recall | precision | F1 |\n|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _unlike(unlike: Mapping[str, Any], promise: Mapping[str, Any]) -> str:
    rows = [
        f"| {name} | {f['pictures']} | {f['called_unfamiliar']:.0%} | {f['separation']:.3f} | "
        f"{f['mean_confidence']:.2f} |"
        for name, f in unlike.items()
    ]
    return (
        "## Pictures that are none of these\n\n"
        f"The warning is set to disturb {promise['false_alarms']:.0%} of pictures that do belong "
        f"({promise['measured_on']}).\n\n"
        "| set | pictures | warned | area under ROC | mean confidence without the warning |\n"
        "|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
