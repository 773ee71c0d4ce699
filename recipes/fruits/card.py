"""Model card: measures the exported files and writes the card with its plots.

    python -m recipes.fruits.card

Only rendered pictures are shown in it; real photos appear as figures.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.fruits.evaluate import (
    Evaluation,
    by_count,
    by_label,
    count_false_alarms,
    evaluate,
    evaluate_other,
    present_rows,
)
from recipes.fruits.evaluation_set import (
    VIEWS,
    EvaluationPicture,
    held_back_photos,
    judged_photos,
    pictures_without_fruit,
    rendered_pictures,
)
from recipes.fruits.failure_sheet import write_failure_sheet
from recipes.fruits.metrics import (
    Summary,
    average_precision,
    match_detections,
    precision_recall,
    summarize,
)
from recipes.fruits.opencv_detector import Detector, load_exported
from recipes.fruits.plots import confidence_plot, precision_recall_plot
from recipes.fruits.settings import DEFAULT_CONFIG, ROOT, Settings, read_settings

OTHERS_FOLDER = ROOT.parent / "shared" / "data" / "models" / "yolo-fastest"
COMPARED_NAMES = ("yolo-fastest-1.0-xl", "yolo-fastest-1.1-xl")
CONFIDENCES = tuple(round(0.25 + 0.05 * n, 2) for n in range(13))


@dataclass(frozen=True)
class Figures:
    """Everything the card states."""

    photos: Evaluation
    views: Evaluation
    rendered: Evaluation
    judged: dict[str, Evaluation]
    """By source, photos that took no part in making the detector."""
    others: dict[str, Evaluation]
    false_alarms: tuple[tuple[int, int], tuple[int, int]]
    precision: dict[str, float]
    confidence: list[tuple[float, float, float]]


def measure(detector: Detector, settings: Settings, folder: Path) -> Figures:
    """Run all evaluations and draw the curves."""
    photos, rendered_set = held_back_photos(settings), rendered_pictures()
    curves = _precision_recall_curves(detector, photos)
    precision_recall_plot(curves, folder / "precision_recall.png")
    points = []
    for confidence in CONFIDENCES:
        summary = summarize(present_rows(evaluate(detector, photos, confidence=confidence).rows))
        points.append((confidence, summary.exact / max(summary.rows, 1), summary.error))
    confidence_plot(points, folder / "confidence.png")
    trained, unseen = pictures_without_fruit(settings)
    others = {
        name: evaluate_other(OTHERS_FOLDER / name, settings.labels, photos)
        for name in COMPARED_NAMES
        if (OTHERS_FOLDER / f"{name}.weights").exists()
    }
    return Figures(
        photos=evaluate(detector, photos),
        views=evaluate(detector, [view for photo in photos for view in photo.views()]),
        rendered=evaluate(detector, rendered_set),
        judged={
            source: evaluate(detector, pictures)
            for source, pictures in judged_photos(settings).items()
        },
        others=others,
        false_alarms=(
            (count_false_alarms(detector, trained), len(trained)),
            (count_false_alarms(detector, unseen), len(unseen)),
        ),
        precision={label: average for label, (_, _, average) in curves.items()},
        confidence=points,
    )


def _precision_recall_curves(
    detector: Detector, photos: Sequence[EvaluationPicture]
) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    all_matches: list[tuple[float, int, bool]] = []
    for picture in photos:
        detections = detector.find(picture.pixels(), 0.2)
        all_matches += match_detections(detections, picture.rows[picture.rows[:, 0] >= 0])
    curves = {}
    for index, label in enumerate(detector.labels):
        truth_count = sum(picture.counts.get(label, 0) for picture in photos)
        label_matches = [match for match in all_matches if match[1] == index]
        if truth_count:
            precision, recall, _ = precision_recall(label_matches, truth_count)
            curves[label] = recall, precision, average_precision(precision, recall)
    return curves


def _table_row(name: str, summary: Summary) -> str:
    return f"| {name} | {summary.exact} of {summary.rows} | {summary.error:.2f} |"


def _table(first_column: str, summaries: Mapping[str, Summary]) -> str:
    header = f"| {first_column} | counts exact | mean error |\n|---|---|---|\n"
    return header + "\n".join(_table_row(name, summary) for name, summary in summaries.items())


def _comparison_table(figures: Figures, settings: Settings) -> str:
    """All detectors on the same rows, without labels the others do not have."""
    common_labels = [label for label in settings.labels if label != "lemon"]
    rows = [row for row in present_rows(figures.photos.rows) if row.label in common_labels]
    summaries = {f"**{settings.name}**": summarize(rows)}
    summaries |= {
        name: summarize(present_rows(evaluation.rows))
        for name, evaluation in figures.others.items()
    }
    return _table("detector", summaries)


def _judged_values(judged: Mapping[str, Evaluation]) -> dict[str, str]:
    """Tables of the photos that only judge; orchard tiles are a task of their own, and apart."""
    rows = {source: present_rows(evaluation.rows) for source, evaluation in judged.items()}
    photos = [row for source, some in rows.items() if source != "orchard" for row in some]
    together = {"all but the orchard": summarize(photos)}
    return {
        "judged_by_source": _table(
            "source", {**{source: summarize(some) for source, some in rows.items()}, **together}
        ),
        "judged_by_label": _table("label", by_label(photos)),
        "judged_by_count": _table("true count", by_count(photos)),
        "judged_percent": f"{100 * together['all but the orchard'].share:.0f}",
    }


def write_card(settings: Settings, folder: Path) -> Path:
    """Measure, draw and write; returns the card's path."""
    detector = load_exported(folder, settings.name, nms=settings.nms)
    figures = measure(detector, settings, folder)
    failure_lines = write_failure_sheet(detector, figures.rendered.rows, folder / "failures.jpg")
    text = (Path(__file__).with_name("card.md")).read_text(encoding="utf-8")
    photo_rows, rendered = present_rows(figures.photos.rows), figures.rendered.rows
    view_summary = summarize(present_rows(figures.views.rows))
    (trained_alarms, trained_pictures), (unseen_alarms, unseen_pictures) = figures.false_alarms
    values = {
        "labels": ", ".join(settings.labels),
        "nms": f"{settings.nms:g}",
        "photos": str(figures.photos.pictures),
        "rows": str(len(photo_rows)),
        "exact": str(summarize(photo_rows).exact),
        "error": f"{summarize(photo_rows).error:.2f}",
        "views": str(len(VIEWS)),
        "view_exact": str(view_summary.exact),
        "view_rows": str(view_summary.rows),
        "view_percent": f"{100 * view_summary.exact / max(view_summary.rows, 1):.0f}",
        "view_error": f"{view_summary.error:.2f}",
        "lab_pictures": str(figures.rendered.pictures),
        "lab_rows": str(len(rendered)),
        "lab_exact": str(summarize(rendered).exact),
        "lab_percent": f"{100 * summarize(rendered).exact / max(len(rendered), 1):.0f}",
        "lab_error": f"{summarize(rendered).error:.2f}",
        "by_label": _table("label", by_label(photo_rows)),
        "by_count": _table("true count", by_count(photo_rows)),
        "lab_by_label": _table("label", by_label(rendered)),
        "lab_by_count": _table("true count", by_count(rendered)),
        "compared": _comparison_table(figures, settings),
        "precision": ", ".join(
            f"{label} {average:.2f}" for label, average in figures.precision.items()
        ),
        "confidence": "\n".join(
            f"| {confidence:.2f} | {100 * exact:.0f} % | {error:.2f} |"
            for confidence, exact, error in figures.confidence
        ),
        **_judged_values(figures.judged),
        "old_loud": str(trained_alarms),
        "old": str(trained_pictures),
        "new_loud": str(unseen_alarms),
        "new": str(unseen_pictures),
        "failures": "\n".join(f"- {line}" for line in failure_lines) or "None of them goes wrong.",
    }
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    path = folder / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    print(f"wrote {write_card(settings, settings.to)}")


if __name__ == "__main__":
    main()
