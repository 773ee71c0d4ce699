"""Hidden pictures: from a seed, with counts that are true and that the model reaches with ease."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from countlab.grading.pictures.composition import cutouts, decode, encode
from countlab.grading.pictures.hidden import HiddenSet, hidden_set
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.pictures.reference import KINDS, Reference

IMAGES = Path(__file__).parents[2] / "images"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="module")
def hidden(reference: Reference) -> HiddenSet:
    return hidden_set("a seed", reference, counting=2, confidence=1)


def test_the_cutouts_are_small_and_of_every_kind() -> None:
    folder = Path(__file__).parents[2] / "countlab" / "grading" / "pictures" / "cutouts"
    files = list(folder.iterdir())
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert all(len(cutouts(kind)) >= 8 for kind in KINDS)
    assert all(each.shape[2] == 4 for kind in KINDS for each in cutouts(kind))


def test_the_model_counts_every_hidden_picture_right_around_the_usual_confidence(
    hidden: HiddenSet, reference: Reference
) -> None:
    for picture in hidden.counting:
        for confidence in (0.35, 0.45, 0.55, 0.65):
            assert reference.counts(picture.data, confidence) == picture.counts
        smaller = decode(picture.data)
        assert reference.counts(encode(smaller, quality=85)) == picture.counts


def test_counts_differ_from_picture_to_picture_and_from_the_sum(hidden: HiddenSet) -> None:
    oranges = [picture.counts["orange"] for picture in hidden.counting]
    assert len(set(oranges)) == len(oranges)
    assert all(sum(each.counts.values()) > each.counts["orange"] for each in hidden.counting)


def test_a_confidence_picture_has_fewer_findings_at_each_step(
    hidden: HiddenSet, reference: Reference
) -> None:
    for picture in hidden.confidence:
        found = [sum(each.values()) for each in picture.found_at.values()]
        assert all(low > high for low, high in pairwise(found))
        for at, counts in picture.found_at.items():
            assert reference.counts(picture.data, at) == counts


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(
    hidden: HiddenSet, reference: Reference
) -> None:
    again = hidden_set("a seed", reference, counting=2, confidence=1)
    assert again == hidden
    other = hidden_set("another seed", reference, counting=1, confidence=0)
    assert not {each.data for each in other.counting} & {each.data for each in hidden.counting}


def test_a_course_picture_is_known_by_its_bytes_and_when_it_was_saved_anew() -> None:
    known = KnownPictures(IMAGES)
    photo = (IMAGES / "fruits.jpg").read_bytes()
    assert known.name(photo) == "fruits.jpg"
    pixels = decode(photo)
    assert known.name(encode(pixels, quality=70)) == "fruits.jpg"
    assert known.name(encode(np.ascontiguousarray(pixels[::2, ::2]))) == "fruits.jpg"
    assert known.name(encode(np.ascontiguousarray(pixels[::-1, ::-1]))) is None
    assert known.name(b"no picture") is None
