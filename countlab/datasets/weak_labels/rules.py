"""Labelling functions: simple rules that speak of a picture without asking anybody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from countlab.datasets.folder import COLLECTED, UNSURE, DatasetSettings, WordRule
from countlab.datasets.lines import read_lines
from countlab.datasets.pictures import PictureFile
from countlab.datasets.weak_labels.shape import find_octagons
from countlab.datasets.weak_labels.votes import Vote

if TYPE_CHECKING:
    from countlab.inference.pipeline import Pipeline

SHAPE, TEXT = "shape", "text"
Rule = Callable[[PictureFile], Vote]


def shape_rule(settings: DatasetSettings) -> Rule:
    """A dark octagon speaks for the first class; without one, the second is likely."""

    def vote(picture: PictureFile) -> Vote:
        shapes = find_octagons(picture.pixels())
        label = settings.classes[0 if shapes else 1]
        confidence = 0.75 + 0.2 * shapes[0].clarity if shapes else 0.8
        return Vote(picture.file, SHAPE, label, confidence)

    return vote


def text_rule(folder: Path, rules: Sequence[WordRule]) -> Rule:
    """Words of the product's name and description on the shop's page; the first rule decides."""
    texts: dict[str, str] = {}
    for line in read_lines(folder / COLLECTED):
        if line.get("file"):
            words = f"{line.get('name', '')} {line.get('description', '')}"
            texts[line["file"]] = f"{texts.get(line['file'], '')} {plain(words)}"
    patterns = [(_pattern(rule.words), rule.label) for rule in rules]

    def vote(picture: PictureFile) -> Vote:
        text = texts.get(picture.file, "")
        label = next((label for pattern, label in patterns if pattern.search(text)), UNSURE)
        return Vote(picture.file, TEXT, label, 0.8)

    return vote


def model_rule(pipeline: Pipeline, name: str, settings: DatasetSettings) -> Rule:
    """A model's guess: a classifier's class, or whether a detector counts anything at all."""
    from countlab.options import PredictOptions

    options = PredictOptions(model=name)

    def vote(picture: PictureFile) -> Vote:
        prediction = pipeline.predict(picture.data(), options)
        if prediction.classification is None:
            label = settings.classes[0 if prediction.count else 1]
            return Vote(picture.file, f"model:{name}", label, 0.85)
        label, confidence = next(iter(prediction.probabilities.items()))
        known = label if label in settings.classes else UNSURE
        return Vote(picture.file, f"model:{name}", known, min(0.99, confidence))

    return vote


def plain(text: str) -> str:
    """Without accents and capitals."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).lower()


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(plain(word))}\b" for word in words) or r"(?!)")
