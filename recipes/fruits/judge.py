"""Counts the pictures that judge with the exported files, and says how many come out right.

    python -m recipes.fruits.judge
    python -m recipes.fruits.judge --against ../shared/data/models/yolo-fastest/yolo-fastest-1.0-xl
    python -m recipes.fruits.judge --worst          # picture by picture, what went wrong
    python -m recipes.fruits.judge --trained        # also what it learnt from: does it fit that?

A row is one label in one picture: every label that is there, and for rendered pictures every
line of truth.csv. The held-back photos are few, so they are also counted mirrored, framed wider
and darker: between two detectors these views tell more than a row or two.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.fruits.exam import (
    VIEWS,
    Question,
    held_back_photos,
    rendered,
    trained_photos,
    without_fruit,
)
from recipes.fruits.labels import read_picture
from recipes.fruits.reference import Detector, load_detector, load_exported
from recipes.fruits.score import Row, Share, outside_ignored, share
from recipes.fruits.settings import DEFAULT, Settings, read_settings

CONFIDENCE = 0.5
CVLIB_NMS = 0.3


@dataclass(frozen=True)
class Answers:
    """What a detector answered: a row per label asked for, and the pictures wholly right."""

    rows: tuple[Row, ...]
    pictures: int
    right: int


def answer(
    detector: Detector, questions: Sequence[Question], *, confidence: float = CONFIDENCE
) -> Answers:
    """Count every label of every picture."""
    rows: list[Row] = []
    right = 0
    for question in questions:
        found = outside_ignored(detector.find(question.pixels(), confidence), question.rows)
        names = [detector.labels[one.label] for one in found]
        mine = [
            Row(question.name, label, truth, names.count(label))
            for label, truth in question.counts.items()
        ]
        right += all(row.truth == row.counted for row in mine)
        rows += mine
    return Answers(tuple(rows), len(questions), right)


def shown(rows: Sequence[Row]) -> list[Row]:
    """The rows of what is in the pictures."""
    return [row for row in rows if row.truth > 0]


def loud(detector: Detector, paths: Sequence[Path], *, confidence: float = CONFIDENCE) -> int:
    """How many pictures without fruit show any box of one of the labels."""
    return sum(bool(detector.find(read_picture(path), confidence)) for path in paths)


def _by(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, Share]:
    return {x: share([r for r in rows if key(r) == x]) for x in sorted({key(r) for r in rows})}


def by_label(rows: Sequence[Row]) -> dict[str, Share]:
    """Shares of each label."""
    return _by(rows, lambda row: row.label)


def by_count(rows: Sequence[Row]) -> dict[str, Share]:
    """Shares of each true count, five and more together."""
    return _by(rows, lambda row: "5+" if row.truth >= 5 else str(row.truth))


def against(stem: Path, labels: Sequence[str], questions: Sequence[Question]) -> Answers:
    """Another detector on the same questions, as cvlib runs it, asked only what it knows."""
    detector = load_detector(
        stem.with_name(f"{stem.name}.cfg"),
        stem.with_name(f"{stem.name}.weights"),
        stem.with_name("coco.names"),
        nms=CVLIB_NMS,
    )
    known = [x for x in labels if x in detector.labels]
    asked = [replace(q, counts={x: q.counts[x] for x in known if x in q.counts}) for q in questions]
    numbered = []
    for question in asked:
        rows = question.rows.copy()
        for at, row in enumerate(question.rows):
            if row[0] >= 0 and labels[int(row[0])] in known:
                rows[at, 0] = detector.labels.index(labels[int(row[0])])
        numbered.append(replace(question, rows=rows))
    return answer(detector, numbered)


def _told(title: str, answers: Answers) -> None:
    present = share(shown(answers.rows))
    print(
        f"{title}: {present.exact} of {present.rows} rows exact, mean error "
        f"{present.error:.2f}; {answers.right} of {answers.pictures} pictures wholly right"
    )


def _told_shares(shares: dict[str, Share]) -> None:
    for name, one in shares.items():
        print(f"    {name:8} {one.exact:3} of {one.rows:3} exact, mean error {one.error:.2f}")


def report(
    settings: Settings, folder: Path, others: Sequence[Path], *, worst: bool, trained: bool
) -> None:
    """Print all figures."""
    detector = load_exported(folder, settings.name, nms=settings.nms)
    photos, pictures = held_back_photos(settings), rendered()
    told = answer(detector, photos)
    views = answer(detector, [view for photo in photos for view in photo.views()])
    _told("held-back photos", told)
    _told(f"their {len(VIEWS)} views each", views)
    _told_shares(by_label(shown(told.rows)))
    _told_shares(by_count(shown(told.rows)))
    if pictures:
        lab = answer(detector, pictures)
        all_rows = share(lab.rows)
        _told("rendered pictures", lab)
        print(f"    every line: {all_rows.exact} of {all_rows.rows}, error {all_rows.error:.2f}")
        told = Answers(told.rows + lab.rows, 0, 0)
    for name, paths in zip(("trained on", "held back"), without_fruit(settings), strict=True):
        print(f"without fruit, {name}: {loud(detector, paths)} of {len(paths)} show a box")
    if trained:
        learnt = answer(detector, trained_photos(settings))
        _told("photos trained on", learnt)
        _told_shares(by_count(shown(learnt.rows)))
    for stem in others:
        _told(f"{stem.name}, the photos", against(stem, settings.labels, photos))
    for row in told.rows if worst else ():
        if row.truth != row.counted:
            print(f"{row.picture}: {row.truth} {row.label}, counted {row.counted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    parser.add_argument("--of", type=Path, help="judge the files of another folder")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="stems of other files")
    parser.add_argument("--worst", action="store_true", help="list every row that is wrong")
    parser.add_argument("--trained", action="store_true", help="judge the photos trained on too")
    said = parser.parse_args()
    settings = read_settings(said.config)
    folder = said.of or settings.to
    report(settings, folder, said.against, worst=said.worst, trained=said.trained)


if __name__ == "__main__":
    main()
