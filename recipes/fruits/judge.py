"""Judgment of the finished detector on photos that took no part in making it.

    python -m recipes.fruits.judge                # counts, likely ranges, warnings, by source
    python -m recipes.fruits.judge --robust       # and the share of counts that survive changes

Runs the shipped files as `countlab` does, with the shipped error profile. A row is a label in a
photo that shows it; photos without any are counted apart. The pictures are those of judged.csv:
choose nothing by what this prints.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from countlab.imaging.picture import Pixels, write_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.models.error_profile import Interval
from countlab.options import PredictOptions
from countlab.settings import Settings as LabSettings
from recipes.fruits.evaluation_set import (
    EvaluationPicture,
    everyday_pictures,
    held_back_photos,
    judged_photos,
)
from recipes.fruits.labels import IGNORED
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings

Change = Callable[[Pixels], bytes]
MANY = 10
INPUT_PX = 416
SIZES_PX = (0, 32, 48, INPUT_PX)


@dataclass(frozen=True)
class Row:
    """One label in one photo that shows it."""

    source: str
    label: str
    truth: int
    counted: int
    likely: Interval | None
    warnings: frozenset[str]

    @property
    def right(self) -> bool:
        return self.truth == self.counted

    @property
    def covered(self) -> bool:
        return self.likely is not None and self.likely[0] <= self.truth <= self.likely[1]


def _jpeg(quality: int) -> Change:
    def change(pixels: Pixels) -> bytes:
        return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])

    return change


def _resized(factor: float) -> Change:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return lambda pixels: _png(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=how))


def _png(pixels: np.ndarray) -> bytes:
    return write_picture(pixels.astype(np.uint8), "PNG")


CHANGES: Mapping[str, Change] = {
    "recompressed, JPEG quality 92": _jpeg(92),
    "recompressed, JPEG quality 60": _jpeg(60),
    "resized to 0.8": _resized(0.8),
    "resized to 1.25": _resized(1.25),
    "20 % brighter": lambda pixels: _png(cv2.convertScaleAbs(pixels, alpha=1.2)),
    "mirrored": lambda pixels: _png(cv2.flip(pixels, 1)),
}


def rows_of(pipeline: Pipeline, source: str, picture: EvaluationPicture) -> Iterator[Row]:
    """A row for each label that the photo shows."""
    prediction = pipeline.predict(picture.path.read_bytes())
    for label, truth in picture.counts.items():
        if truth:
            of_label = prediction.of(label)
            codes = frozenset(warning.code for warning in of_label.warnings)
            yield Row(source, label, truth, of_label.count, of_label.likely, codes)


def _group(count: int) -> str:
    return str(count) if count < 2 else "2–3" if count < 4 else "4+"


def print_counts(rows: Sequence[Row]) -> None:
    """Exact counts and coverage, by source, label, true count and counted number."""
    keys: list[tuple[str, Callable[[Row], str]]] = [
        ("all", lambda _: "all"),
        ("source", lambda row: row.source),
        ("label", lambda row: row.label),
        ("true count", lambda row: _group(row.truth)),
        ("counted", lambda row: _group(row.counted)),
    ]
    for name, key in keys:
        for value in sorted({key(row) for row in rows}):
            some = [row for row in rows if key(row) == value]
            ranges = [row.likely for row in some if row.likely]
            error = sum(abs(row.truth - row.counted) for row in some) / len(some)
            width = sum(high - low for low, high in ranges) / max(1, len(ranges))
            print(
                f"{name:10} {value:8} {sum(row.right for row in some):3} of {len(some):3} exact, "
                f"mean error {error:.2f}; likely holds in {sum(row.covered for row in some)} of "
                f"{len(ranges)}, high - low {width:.2f}"
            )


def print_warnings(rows: Sequence[Row]) -> None:
    """Each warning as a classifier of wrong rows: precision and recall."""
    wrong = sum(not row.right for row in rows)
    codes = Counter(code for row in rows for code in row.warnings)
    hits = Counter(code for row in rows if not row.right for code in row.warnings)
    warned = [row for row in rows if row.warnings]
    for code, number in codes.most_common():
        print(f"{code:20} precision {hits[code]}/{number}, recall {hits[code]}/{wrong}")
    caught = sum(not row.right for row in warned)
    print(f"{'any warning':20} precision {caught}/{len(warned)}, recall {caught}/{wrong}")
    open_ranges = [row for row in rows if row.likely and row.likely[0] < row.likely[1]]
    caught = sum(not row.right for row in open_ranges)
    print(f"{'likely not one number':20} precision {caught}/{len(open_ranges)}, ", end="")
    print(f"recall {caught}/{wrong}")


def print_without_fruit(title: str, pipeline: Pipeline, paths: Sequence[Path]) -> None:
    """How many pictures without fruit show a box, and how many are called unfamiliar."""
    answers = [pipeline.predict(path.read_bytes()) for path in paths]
    print(
        f"{title}: {sum(bool(a.count) for a in answers)} of {len(answers)} show a box, "
        f"{sum(_is_unfamiliar(a) for a in answers)} are called unfamiliar"
    )


def _is_unfamiliar(prediction: Prediction) -> bool:
    return any(warning.code == "unfamiliar_picture" for warning in prediction.warnings)


def print_robustness(pipeline: Pipeline, pictures: Sequence[EvaluationPicture]) -> None:
    """The share of photos whose counts a harmless change leaves as they are."""
    before = [pipeline.predict(picture.path.read_bytes()) for picture in pictures]
    for name, change in CHANGES.items():
        kept = sum(
            pipeline.predict(change(prediction.picture.pixels)).as_json()["counts"]
            == prediction.as_json()["counts"]
            for prediction in before
        )
        print(f"{name:32} {kept} of {len(before)} photos keep their counts")


def print_tiles(
    title: str, pipeline: Pipeline, pictures: Sequence[EvaluationPicture], tiles: str
) -> None:
    """The mean error of photos, over all labels, without tiles and with them."""
    for how in dict.fromkeys(("off", tiles)):
        options, errors = PredictOptions(tiles=how), []
        for picture in pictures:
            counts = pipeline.predict(picture.path.read_bytes(), options).as_json()["counts"]
            errors.append(sum(abs(counts.get(k, 0) - n) for k, n in picture.counts.items()))
        if errors:
            mean = sum(errors) / len(errors)
            print(f"{title}, tiles={how}: {len(errors)} photos, mean error {mean:.2f}")


def _usual_size(picture: EvaluationPicture) -> float:
    """How long its objects are in the network's input, in pixels: the median."""
    height, width = picture.pixels().shape[:2]
    scale = INPUT_PX / np.array([width, height])
    return float(np.median(((picture.rows[:, 3:5] - picture.rows[:, 1:3]) * scale).max(axis=1)))


def judge(settings: Settings, *, robust: bool, tiles: str) -> None:
    """Print everything."""
    pipeline = Pipeline(LabSettings(home=settings.work / "judge"))
    photos = {
        source: [picture for picture in pictures if not (picture.rows[:, 0] == IGNORED).any()]
        for source, pictures in judged_photos(settings).items()
    }
    orchard = photos.pop("orchard", [])
    shown = [
        row for source in photos for picture in photos[source]
        for row in rows_of(pipeline, source, picture)
    ]  # fmt: skip
    print_counts(shown)
    print_warnings(shown)
    everything = [picture for pictures in photos.values() for picture in pictures]
    fruit = [picture for picture in everything if any(picture.counts.values())]
    print_without_fruit("fruit photos", pipeline, [picture.path for picture in fruit])
    other = [picture.path for picture in everything if not any(picture.counts.values())]
    print_without_fruit("photos of other fruit", pipeline, other)
    everyday = [picture.path for picture in everyday_pictures(settings)]
    print_without_fruit("everyday photos (held back, not only judging)", pipeline, everyday)
    print_tiles("orchard tiles", pipeline, orchard, tiles)
    many = [
        picture
        for picture in (*everything, *orchard, *held_back_photos(settings, tiled=True))
        if sum(picture.counts.values()) >= MANY and not (picture.rows[:, 0] == IGNORED).any()
    ]
    for low, high in pairwise(SIZES_PX):
        some = [picture for picture in many if low <= _usual_size(picture) < high]
        title = f"ten and more, held back or judging, {low} to {high} pixels long"
        print_tiles(title, pipeline, some, tiles)
    if robust:
        print_robustness(pipeline, everything)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--robust", action="store_true", help="also change the photos")
    parser.add_argument("--tiles", default="auto", help="of crowded photos, beside off")
    arguments = parser.parse_args()
    judge(read_settings(arguments.config), robust=arguments.robust, tiles=arguments.tiles)


if __name__ == "__main__":
    main()
