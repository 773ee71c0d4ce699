"""HTML report on a classifier: tables, plots, and the worst pictures with their heat maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from countlab.errors import CountlabError
from countlab.evaluation.class_plots import class_plots
from countlab.evaluation.class_run import ClassifiedPicture
from countlab.evaluation.class_summary import ClassSummary
from countlab.evaluation.comparison import Increase
from countlab.evaluation.page import (
    cell,
    increase_section,
    picture_figure,
    plots_section,
    render_page,
    table,
    worst_section,
)
from countlab.imaging.heatmap import overlay_map
from countlab.imaging.picture import Pixels
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions

_WORST_PICTURES = 12
_SETS = ("", "pictures", "right", "calibration error", "by chance alone", "called unfamiliar")
_CLASSES = ("", "pictures", "recall", "precision", "F1")


def render_class_report(
    summaries: Sequence[ClassSummary],
    pipeline: Pipeline,
    *,
    folder: str,
    increase: Increase | None = None,
) -> str:
    """`pipeline` draws the heat maps of the worst pictures."""
    sections = [_overview(summaries)]
    if increase:
        sections.append(increase_section(increase, "share of wrong answers|"))
    for summary in summaries:
        for name, figures in summary.sets.items():
            sections += _set_sections(summary, name, figures, pipeline, summaries)
    return render_page("How well are they told apart?", sections, folder=folder)


def _overview(summaries: Sequence[ClassSummary]) -> str:
    leads = "".join(f"<p class=lead>{_lead(summary)}</p>" for summary in summaries)
    rows = [
        (_title(summary, name), _set_cells(figures))
        for summary in summaries
        for name, figures in summary.sets.items()
    ]
    note = (
        "<p class=note>Below a share, where it would lie in 95 of 100 draws of such pictures. "
        "Calibration error: by how much the confidence of an answer differs, on average, from the "
        "share of right answers; beside it what a perfectly honest model would show on so few "
        "pictures. Called unfamiliar: answered with a warning that the picture is unlike those "
        "that taught.</p>"
    )
    return f"<section>{leads}{table(_SETS, rows)}{note}</section>"


def _lead(summary: ClassSummary) -> str:
    name, figures = next(iter(summary.sets.items()))
    weakest = min(
        (of for of in figures["classes"].items() if of[1]["pictures"]),
        key=lambda of: of[1]["recall"],
    )
    return (
        f"<b>{escape(_title(summary, name))}</b> is right about <b>{figures['right']:,}</b> of "
        f"{figures['pictures']:,} pictures, <b>{figures['accuracy']:.1%}</b>. It knows "
        f"<b>{escape(weakest[0])}</b> least well: {weakest[1]['recall']:.0%} of them."
    )


def _title(summary: ClassSummary, name: str) -> str:
    return f"{summary.name} · {name}"


def _set_cells(figures: Mapping[str, Any]) -> str:
    return (
        f"<td>{figures['pictures']:,}"
        + cell(figures["accuracy"], "{:.1%}", figures["accuracy_interval"])
        + cell(figures["calibration_error"], "{:.3f}")
        + cell(figures["calibration_error_by_chance"], "{:.3f}")
        + cell(figures["called_unfamiliar"], "{:.1%}")
    )


def _set_sections(
    summary: ClassSummary,
    name: str,
    figures: Mapping[str, Any],
    pipeline: Pipeline,
    summaries: Sequence[ClassSummary],
) -> list[str]:
    alone = len(summaries) == 1 and len(summary.sets) == 1
    title = "" if alone else f"<h2 class=model>{escape(_title(summary, name))}</h2>"
    rows = [
        (
            label,
            f"<td>{of['pictures']:,}"
            + "".join(
                cell(of[key], template, of[f"{key}_interval"])
                for key, template in (
                    ("recall", "{:.0%}"), ("precision", "{:.0%}"), ("f1", "{:.2f}"),
                )
            ),
        )
        for label, of in figures["classes"].items()
    ]  # fmt: skip
    note = (
        "<p class=note>Recall: of the pictures of a class, how many were called so. Precision: of "
        "the answers that named it, how many were right. F1: their harmonic mean.</p>"
    )
    worst = [
        _worst_figure(summary, picture, pipeline)
        for picture in summary.worst(name, _WORST_PICTURES)
    ]
    return [
        f"<section>{title}<h2>By class</h2>{table(_CLASSES, rows)}{note}</section>",
        plots_section(class_plots(figures)),
        worst_section(worst, none="No answer is wrong."),
    ]


def _worst_figure(summary: ClassSummary, picture: ClassifiedPicture, pipeline: Pipeline) -> str:
    said = summary.run.model.labels[picture.best]
    truth = picture.truth.label
    pixels, drawn = _explained(summary, picture, pipeline)
    caption = (
        f"<ul><li>is {escape(truth)}, called <b>{escape(said)}</b> "
        f"({max(picture.probabilities):.0%} sure)</li></ul>"
    )
    shows = f"what speaks for {said}" if drawn else "no heat map"
    return picture_figure(pixels, name=picture.truth.name, shows=shows, caption=caption)


def _explained(
    summary: ClassSummary, picture: ClassifiedPicture, pipeline: Pipeline
) -> tuple[Pixels, bool]:
    """The picture with what spoke for the wrong answer; plain where the graph has no maps."""
    options = PredictOptions(model=summary.run.model.name, engine=summary.run.engine)
    prediction = pipeline.predict(picture.truth.read(), options)
    try:
        found = prediction.explain()
    except CountlabError:
        return prediction.picture.pixels, False
    return overlay_map(found.pixels, found.values), True
