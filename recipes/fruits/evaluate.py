"""Evaluation of the exported files: how many counts are exact.

    python -m recipes.fruits.evaluate
    python -m recipes.fruits.evaluate --against ../shared/data/models/yolo-fastest/<stem>
    python -m recipes.fruits.evaluate --worst          # list every wrong count
    python -m recipes.fruits.evaluate --trained        # also the training photos
    python -m recipes.fruits.evaluate --perfect-nms    # what a network without NMS could win

A row is one label in one picture: every label that is present, and for rendered pictures every
line of truth.csv. The held-back photos are few, so they are also counted mirrored, framed wider
and darker; when comparing detectors, these views are the more reliable figure.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.fruits.evaluation_set import (
    VIEWS,
    EvaluationPicture,
    held_back_photos,
    pictures_without_fruit,
    rendered_pictures,
    trained_photos,
)
from recipes.fruits.labels import read_picture
from recipes.fruits.metrics import CountRow, Summary, drop_ignored, summarize, with_perfect_nms
from recipes.fruits.opencv_detector import Detector, load_detector, load_exported
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings

CONFIDENCE = 0.5
CVLIB_NMS = 0.3


@dataclass(frozen=True)
class Evaluation:
    """The counts of a detector: a row per label, and how many pictures are entirely right."""

    rows: tuple[CountRow, ...]
    pictures: int
    correct_pictures: int


def evaluate(
    detector: Detector, pictures: Sequence[EvaluationPicture], *, confidence: float = CONFIDENCE
) -> Evaluation:
    """Count every label of every picture."""
    rows: list[CountRow] = []
    correct_pictures = 0
    for picture in pictures:
        detections = drop_ignored(detector.find(picture.pixels(), confidence), picture.rows)
        names = [detector.labels[detection.label] for detection in detections]
        picture_rows = [
            CountRow(picture.name, label, truth, names.count(label))
            for label, truth in picture.counts.items()
        ]
        correct_pictures += all(row.truth == row.counted for row in picture_rows)
        rows += picture_rows
    return Evaluation(tuple(rows), len(pictures), correct_pictures)


def evaluate_perfect_nms(
    detector: Detector, pictures: Sequence[EvaluationPicture]
) -> list[CountRow]:
    """The rows if NMS dropped no true fruit's box: what a design without it could win at most."""
    rows: list[CountRow] = []
    for picture in pictures:
        pixels = picture.pixels()
        kept, candidates = (
            drop_ignored(one.find(pixels), picture.rows)
            for one in (detector, replace(detector, nms=1.0))
        )
        rows += [
            CountRow(
                picture.name,
                label,
                truth,
                with_perfect_nms(kept, candidates, picture.rows, detector.labels.index(label)),
            )
            for label, truth in picture.counts.items()
        ]
    return rows


def present_rows(rows: Sequence[CountRow]) -> list[CountRow]:
    """The rows of labels that are present in their picture."""
    return [row for row in rows if row.truth > 0]


def count_false_alarms(
    detector: Detector, paths: Sequence[Path], *, confidence: float = CONFIDENCE
) -> int:
    """The number of pictures without fruit in which the detector finds a box."""
    return sum(bool(detector.find(read_picture(path), confidence)) for path in paths)


def _grouped(rows: Sequence[CountRow], key: Callable[[CountRow], str]) -> dict[str, Summary]:
    return {
        group: summarize([row for row in rows if key(row) == group])
        for group in sorted({key(row) for row in rows})
    }


def by_label(rows: Sequence[CountRow]) -> dict[str, Summary]:
    """A summary for each label."""
    return _grouped(rows, lambda row: row.label)


def by_count(rows: Sequence[CountRow]) -> dict[str, Summary]:
    """A summary for each true count, five and more together."""
    return _grouped(rows, lambda row: "5+" if row.truth >= 5 else str(row.truth))


def evaluate_other(
    stem: Path, labels: Sequence[str], pictures: Sequence[EvaluationPicture]
) -> Evaluation:
    """Evaluate another detector on the same pictures, as cvlib runs it, on the labels it has."""
    detector = load_detector(
        stem.with_name(f"{stem.name}.cfg"),
        stem.with_name(f"{stem.name}.weights"),
        stem.with_name("coco.names"),
        nms=CVLIB_NMS,
    )
    shared_labels = [label for label in labels if label in detector.labels]
    restricted = [
        replace(
            picture,
            counts={
                label: picture.counts[label] for label in shared_labels if label in picture.counts
            },
        )
        for picture in pictures
    ]
    relabeled = []
    for picture in restricted:
        rows = picture.rows.copy()
        for index, row in enumerate(picture.rows):
            if row[0] >= 0 and labels[int(row[0])] in shared_labels:
                rows[index, 0] = detector.labels.index(labels[int(row[0])])
        relabeled.append(replace(picture, rows=rows))
    return evaluate(detector, relabeled)


def _print_evaluation(title: str, evaluation: Evaluation) -> None:
    summary = summarize(present_rows(evaluation.rows))
    print(
        f"{title}: {summary.exact} of {summary.rows} rows exact, mean error {summary.error:.2f}; "
        f"{evaluation.correct_pictures} of {evaluation.pictures} pictures wholly right"
    )


def _print_summaries(summaries: dict[str, Summary]) -> None:
    for name, summary in summaries.items():
        print(
            f"    {name:8} {summary.exact:3} of {summary.rows:3} exact, "
            f"mean error {summary.error:.2f}"
        )


def report(
    settings: Settings,
    folder: Path,
    other_stems: Sequence[Path],
    *,
    worst: bool,
    trained: bool,
    perfect_nms: bool,
) -> None:
    """Print all figures."""
    detector = load_exported(folder, settings.name, nms=settings.nms)
    photos, rendered_set = held_back_photos(settings), rendered_pictures()
    evaluation = evaluate(detector, photos)
    all_views = [view for photo in photos for view in photo.views()]
    _print_evaluation("held-back photos", evaluation)
    _print_evaluation(f"their {len(VIEWS)} views each", evaluate(detector, all_views))
    _print_summaries(by_label(present_rows(evaluation.rows)))
    _print_summaries(by_count(present_rows(evaluation.rows)))
    if rendered_set:
        rendered_evaluation = evaluate(detector, rendered_set)
        all_rows = summarize(rendered_evaluation.rows)
        _print_evaluation("rendered pictures", rendered_evaluation)
        print(f"    every line: {all_rows.exact} of {all_rows.rows}, error {all_rows.error:.2f}")
        evaluation = Evaluation(evaluation.rows + rendered_evaluation.rows, 0, 0)
    for name, paths in zip(
        ("trained on", "held back"), pictures_without_fruit(settings), strict=True
    ):
        alarms = count_false_alarms(detector, paths)
        print(f"without fruit, {name}: {alarms} of {len(paths)} show a box")
    if perfect_nms:
        for name, pictures in (("photos", photos), ("views", all_views)):
            summary = summarize(present_rows(evaluate_perfect_nms(detector, pictures)))
            print(
                f"{name}, if NMS dropped no true fruit: {summary.exact} of {summary.rows} rows "
                f"exact, mean error {summary.error:.2f}"
            )
    if trained:
        trained_evaluation = evaluate(detector, trained_photos(settings))
        _print_evaluation("photos trained on", trained_evaluation)
        _print_summaries(by_count(present_rows(trained_evaluation.rows)))
    for stem in other_stems:
        _print_evaluation(f"{stem.name}, the photos", evaluate_other(stem, settings.labels, photos))
    for row in evaluation.rows if worst else ():
        if row.truth != row.counted:
            print(f"{row.picture}: {row.truth} {row.label}, counted {row.counted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--of", type=Path, help="evaluate the files of another folder")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="stems of other files")
    parser.add_argument("--worst", action="store_true", help="list every wrong row")
    parser.add_argument("--trained", action="store_true", help="also evaluate the training photos")
    parser.add_argument(
        "--perfect-nms", action="store_true", help="also the counts if NMS dropped no true fruit"
    )
    arguments = parser.parse_args()
    settings = read_settings(arguments.config)
    folder = arguments.of or settings.to
    report(
        settings,
        folder,
        arguments.against,
        worst=arguments.worst,
        trained=arguments.trained,
        perfect_nms=arguments.perfect_nms,
    )


if __name__ == "__main__":
    main()
