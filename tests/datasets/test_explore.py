"""The look at a whole dataset: what it finds, and the page that it writes."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from countlab.datasets.explore.findings import Findings, findings_of
from countlab.datasets.explore.survey import survey
from countlab.datasets.labels import LabelRow, write_rows
from countlab.imaging.picture import Pixels
from tests.conftest import Run
from tests.datasets.conftest import WITH, WITHOUT, add_picture, package


def looked_at(folder: Path, split: Path | None = None) -> Findings:
    return findings_of(survey(folder, split=split))


def varied(number: int) -> Pixels:
    """A package over a ground of its own: no two look alike."""
    random = np.random.default_rng(number)
    coarse = random.integers(0, 255, (6, 5, 3)).astype(np.uint8)
    ground = np.asarray(cv2.resize(coarse, (200, 260), interpolation=cv2.INTER_CUBIC))
    return (0.6 * ground + 0.4 * package(number, 8)).astype(np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ten with and forty without: the 4 : 1 of the shop's data."""
    folder = tmp_path / "photos"
    files = [add_picture(folder, varied(number)) for number in range(50)]
    write_rows(folder, [
        LabelRow(file, WITH if at < 10 else WITHOUT, 1.0, "truth") for at, file in enumerate(files)
    ])  # fmt: skip
    return folder


def split_of(folder: Path, parts: dict[str, str]) -> Path:
    """As training writes it; pictures not named are in `train`."""
    path = folder.parent / "split.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["digest", "part", "name"])
        for picture in sorted((folder / "pictures").iterdir()):
            digest = hashlib.sha256(picture.read_bytes()).hexdigest()
            name = f"pictures/{picture.name}"
            writer.writerow([digest, parts.get(name, "train"), name])
    return path


def test_a_clean_set_has_nothing_but_its_imbalance(photos: Path) -> None:
    found = looked_at(photos, split_of(photos, {}))
    assert found.by_label == {WITH: 10, WITHOUT: 40}
    assert found.by_part == {"train": 50}
    assert (found.copies, found.near, found.unreadable) == ((), (), 0)
    assert found.leaks == found.disputed == []


def test_copies_likenesses_leaks_and_disputes_are_found(photos: Path) -> None:
    first, second, third, *_ = sorted(path.name for path in (photos / "pictures").iterdir())
    shutil.copy(photos / "pictures" / first, photos / "pictures" / "copy.png")
    pixels = np.asarray(cv2.imread(str(photos / "pictures" / second)))
    small = cv2.resize(pixels[:, ::-1], (150, 195), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(photos / "pictures" / "mirrored.jpg"), small)
    (photos / "pictures" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    parts = {"pictures/mirrored.jpg": "test"}
    rows = [row for row in (photos / "labels.csv").read_text().splitlines() if third not in row]
    label = next(row for row in rows if second in row).split(",")[1]
    other = WITHOUT if label == WITH else WITH
    rows.append(f"pictures/mirrored.jpg,{other},1,truth")
    (photos / "labels.csv").write_text("\n".join(rows) + "\n")
    found = looked_at(photos, split_of(photos, parts))
    (copies,) = found.copies
    assert {each.file for each in copies.pictures} == {f"pictures/{first}", "pictures/copy.png"}
    (near,) = found.near
    assert {each.file for each in near.pictures} == {f"pictures/{second}", "pictures/mirrored.jpg"}
    assert found.leaks == found.disputed == [near]
    assert found.unreadable == 1
    assert found.unlabelled == 2  # the copy, and the one whose row was taken away


def test_a_giveaway_is_named(tmp_path: Path) -> None:
    for number in range(20):
        for label, light in (("day", 60), ("night", -60)):
            (tmp_path / label).mkdir(exist_ok=True)
            pixels = np.clip(varied(number + 100 * (light > 0)).astype(int) + light, 0, 255)
            cv2.imwrite(str(tmp_path / label / f"{number}.png"), pixels.astype(np.uint8))
    found = looked_at(tmp_path)
    assert found.by_label == {"day": 20, "night": 20}
    bright = [each for each in found.giveaways if each.measure == "brightness"]
    assert {each.label for each in bright} == {"day", "night"}
    assert min(each.separation for each in bright) > 0.95


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_whole_and_in_the_terminals_language(
    photos: Path, run: Run, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos.rename(photos.with_name("a <b> & c"))
    out = folder.parent / "look.html"
    arguments = ("explore", folder, "--out", out, "--json")
    assert run(*arguments)[0] == 0
    if language == "es":
        monkeypatch.setenv("LANG", "es_CL.UTF-8")
        from countlab.cli import main

        with pytest.raises(SystemExit):
            main([str(each) for each in arguments])
    page = out.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert ("What is in the dataset?" in page) == (language == "en")
    assert ("has 4.0 times as many" in page) == (language == "en")
    assert ("tiene 4,0 veces" in page) == (language == "es")
    assert "a &lt;b&gt; &amp; c" in page
    assert page.count("<svg") == 3
    assert page.count("data:image/jpeg") == 10 + 12 + 12
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)  # nothing is fetched
    assert "{" not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)


def test_what_was_found_is_also_json(photos: Path, run: Run) -> None:
    status, told, _ = run("explore", photos, "--json")
    assert status == 0
    assert json.loads(told)["classes"] == {WITH: 10, WITHOUT: 40}
    assert (photos / "explore.html").is_file()


def test_an_empty_folder_and_a_wrong_split_are_refused(photos: Path, run: Run) -> None:
    (photos.parent / "empty").mkdir()
    status, _, errors = run("explore", photos.parent / "empty")
    assert (status, "has no pictures" in errors) == (1, True)
    status, _, errors = run("explore", photos, "--split", photos / "labels.csv")
    assert (status, "columns digest and part" in errors) == (1, True)
