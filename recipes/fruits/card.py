"""Writes the model card and its plots from what the exported files answer today.

    python -m recipes.fruits.card

Owns the card's words. Only rendered pictures are shown; real photos appear as figures.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from countlab.findings import Box, Finding
from countlab.imaging.annotate import draw
from recipes.fruits.exam import VIEWS, Question, held_back_photos, rendered, without_fruit
from recipes.fruits.judge import Answers, against, answer, by_count, by_label, loud, shown
from recipes.fruits.plots import confidence_plot, precision_recall_plot
from recipes.fruits.reference import Detector, load_exported
from recipes.fruits.score import Row, Share, average_precision, matches, precision_recall, share
from recipes.fruits.settings import DEFAULT, ROOT, Settings, read_settings

OTHERS = ROOT.parent / "shared" / "data" / "models" / "yolo-fastest"
COMPARED = ("yolo-fastest-1.0-xl", "yolo-fastest-1.1-xl")
CONFIDENCES = tuple(round(0.25 + 0.05 * n, 2) for n in range(13))
TILE = (640, 480)  # of the sheet of failures


@dataclass(frozen=True)
class Figures:
    """Everything that the card states."""

    photos: Answers
    views: Answers
    lab: Answers
    others: dict[str, Answers]
    silent: tuple[tuple[int, int], tuple[int, int]]
    precision: dict[str, float]
    confidence: list[tuple[float, float, float]]


def measured(detector: Detector, settings: Settings, to: Path) -> Figures:
    """Ask the detector everything once, and draw the curves."""
    photos, pictures = held_back_photos(settings), rendered()
    curves = _curves(detector, photos)
    precision_recall_plot(curves, to / "precision_recall.png")
    points = []
    for confidence in CONFIDENCES:
        one = share(shown(answer(detector, photos, confidence=confidence).rows))
        points.append((confidence, one.exact / max(one.rows, 1), one.error))
    confidence_plot(points, to / "confidence.png")
    trained, fresh = without_fruit(settings)
    others = {
        name: against(OTHERS / name, settings.labels, photos)
        for name in COMPARED
        if (OTHERS / f"{name}.weights").exists()
    }
    return Figures(
        photos=answer(detector, photos),
        views=answer(detector, [view for photo in photos for view in photo.views()]),
        lab=answer(detector, pictures),
        others=others,
        silent=((loud(detector, trained), len(trained)), (loud(detector, fresh), len(fresh))),
        precision={label: average for label, (_, _, average) in curves.items()},
        confidence=points,
    )


def _curves(
    detector: Detector, photos: Sequence[Question]
) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    said: list[tuple[float, int, bool]] = []
    for question in photos:
        found = detector.find(question.pixels(), 0.2)
        said += matches(found, question.rows[question.rows[:, 0] >= 0])
    curves = {}
    for number, label in enumerate(detector.labels):
        truths = sum(question.counts.get(label, 0) for question in photos)
        mine = [one for one in said if one[1] == number]
        if truths:
            precision, recall, _ = precision_recall(mine, truths)
            curves[label] = recall, precision, average_precision(precision, recall)
    return curves


def failures(detector: Detector, rows: Sequence[Row], path: Path, *, most: int = 4) -> list[str]:
    """The rendered pictures that go wrong most, boxes drawn, on one sheet; what went wrong."""
    off: dict[str, int] = {}
    for row in rows:
        off[row.picture] = off.get(row.picture, 0) + abs(row.truth - row.counted)
    worst = [name for name in sorted(off, key=lambda n: (-off[n], n)) if off[name]][:most]
    tiles, words = [], []
    by_name = {question.name: question for question in rendered()}
    for name in worst:
        wrong = [r for r in rows if r.picture == name and r.truth != r.counted]
        said = ", ".join(f"{r.truth} {r.label} counted as {r.counted}" for r in wrong)
        words.append(f"`{name}`: {said}")
        tiles.append(_drawn(detector, by_name[name].pixels()))
    path.unlink(missing_ok=True)
    if tiles:
        pairs = [np.hstack(tiles[at : at + 2]) for at in range(0, len(tiles) - 1, 2)]
        cv2.imwrite(str(path), np.vstack(pairs or tiles), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return words


def _drawn(detector: Detector, pixels: np.ndarray) -> np.ndarray:
    """The picture as the lab itself would send it back."""
    found = [
        Finding(detector.labels[one.label], one.score, Box(x, y, x + w, y + h))
        for one in detector.find(pixels)
        for x, y, w, h in [one.box]
    ]
    return cv2.resize(draw(pixels, found), TILE, interpolation=cv2.INTER_AREA)


def _line(name: str, one: Share) -> str:
    return f"| {name} | {one.exact} of {one.rows} | {one.error:.2f} |"


def _table(first: str, shares: Mapping[str, Share]) -> str:
    head = f"| {first} | counts exact | mean error |\n|---|---|---|\n"
    return head + "\n".join(_line(name, one) for name, one in shares.items())


def _compared(figures: Figures, settings: Settings) -> str:
    """The same rows for all: what the others have no word for is left out."""
    known = [x for x in settings.labels if x != "lemon"]
    rows = [r for r in shown(figures.photos.rows) if r.label in known]
    lines = {f"**{settings.name}**": share(rows)}
    lines |= {name: share(shown(answers.rows)) for name, answers in figures.others.items()}
    return _table("detector", lines)


def write_card(settings: Settings, folder: Path) -> Path:
    """Measure, draw and write; returns the card's path."""
    detector = load_exported(folder, settings.name, nms=settings.nms)
    figures = measured(detector, settings, folder)
    words = failures(detector, figures.lab.rows, folder / "failures.jpg")
    text = (Path(__file__).with_name("card.md")).read_text(encoding="utf-8")
    present, lab = shown(figures.photos.rows), figures.lab.rows
    seen = share(shown(figures.views.rows))
    (old_loud, old), (new_loud, new) = figures.silent
    filled = {
        "labels": ", ".join(settings.labels),
        "nms": f"{settings.nms:g}",
        "photos": str(figures.photos.pictures),
        "rows": str(len(present)),
        "exact": str(share(present).exact),
        "error": f"{share(present).error:.2f}",
        "views": str(len(VIEWS)),
        "view_exact": str(seen.exact),
        "view_rows": str(seen.rows),
        "view_percent": f"{100 * seen.exact / max(seen.rows, 1):.0f}",
        "view_error": f"{seen.error:.2f}",
        "lab_pictures": str(figures.lab.pictures),
        "lab_rows": str(len(lab)),
        "lab_exact": str(share(lab).exact),
        "lab_percent": f"{100 * share(lab).exact / max(len(lab), 1):.0f}",
        "lab_error": f"{share(lab).error:.2f}",
        "by_label": _table("label", by_label(present)),
        "by_count": _table("true count", by_count(present)),
        "lab_by_label": _table("label", by_label(lab)),
        "lab_by_count": _table("true count", by_count(lab)),
        "compared": _compared(figures, settings),
        "precision": ", ".join(f"{x} {a:.2f}" for x, a in figures.precision.items()),
        "confidence": "\n".join(
            f"| {at:.2f} | {100 * exact:.0f} % | {error:.2f} |"
            for at, exact, error in figures.confidence
        ),
        "old_loud": str(old_loud),
        "old": str(old),
        "new_loud": str(new_loud),
        "new": str(new),
        "failures": "\n".join(f"- {line}" for line in words) or "None of them goes wrong.",
    }
    for key, value in filled.items():
        text = text.replace("{" + key + "}", value)
    path = folder / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    print(f"wrote {write_card(settings, settings.to)}")


if __name__ == "__main__":
    main()
