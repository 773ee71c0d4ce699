"""`POST /feedback`: wrong answers become a dataset, within what the operator allows."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.datasets.folder import read_settings
from countlab.datasets.labels import labels_that_hold, read_rows
from countlab.datasets.reviews import save_review
from countlab.errors import CountlabError
from countlab.notebook import serve
from countlab.server import create_app
from countlab.server.feedback import FeedbackStore
from countlab.settings import Settings
from countlab.training.labelled import read_labelled
from countlab.training.material import Form
from tests.server.routes.test_classification import write_classifier
from tests.tasks import graphs
from tests.tasks.conftest import picture

Start = Callable[[Settings], str]
GREEN = picture(96, 64, red=(0, 0, 96, 64))
BLUE = picture(96, 64, blue=(48, 0, 96, 64))


@pytest.fixture
def start() -> Iterator[Start]:
    running = []

    def start_one(settings: Settings) -> str:
        running.append(serve(create_app(settings=settings), port=0))
        return running[-1].url

    yield start_one
    for server in running:
        server.stop()


@pytest.fixture
def settings(home: Path) -> Settings:
    write_classifier(home, "colors", graphs.LABELS)
    return Settings(home=home, feedback_days=30)


def ask(url: str, data: bytes, path: str = "countObjects?model=colors") -> tuple[str, str]:
    response = requests.post(f"{url}/{path}", files={"file": data}, timeout=60)
    return response.text, response.headers["X-Signature"]


def say(url: str, data: bytes, asked: tuple[str, str], **said: str) -> requests.Response:
    answer, signature = asked
    form: dict[str, Any] = {"answer": answer, "signature": signature, **said}
    return requests.post(f"{url}/feedback", files={"file": data}, data=form, timeout=60)


def test_a_wrong_answer_is_kept_with_its_right_label_and_reviewed(
    start: Start, settings: Settings
) -> None:
    url = start(settings)
    response = say(url, BLUE, ask(url, BLUE), label="red", note=" it is red ")
    assert response.status_code == 201, response.text
    assert "kept_until" in response.json()
    folder = settings.home / "feedback" / "colors"
    (row,) = read_rows(folder)
    assert (row.label, row.confidence, row.source, row.more["note"]) == (
        "red", 0.5, "feedback", "it is red",
    )  # fmt: skip
    assert (folder / row.file).read_bytes() == BLUE
    (line,) = (folder / "feedback.ndjson").read_text().splitlines()
    assert json.loads(line)["answered"] == {"blue": 1}
    form = Form((32, 32), (32, 32))
    with pytest.raises(CountlabError):  # nobody has reviewed it yet
        read_labelled(folder, graphs.LABELS, form, confidence=1.0)
    save_review(folder, row.file, "red", person="ana", seen=0)
    assert labels_that_hold(folder)[row.file].confidence == 1
    (example,) = read_labelled(folder, graphs.LABELS, form, confidence=1.0)
    assert graphs.LABELS[example.label] == "red"
    assert read_settings(folder).classes == graphs.LABELS
    if os.name != "nt":
        for place in (folder.parent, folder, folder / row.file):
            assert place.stat().st_mode & 0o077 == 0


def test_answers_of_every_route_of_a_classifier_can_be_spoken_of(
    start: Start, settings: Settings
) -> None:
    url = start(settings)
    for path in ("explain?model=colors", "predict/single?model=colors", "predict?model=colors"):
        response = requests.post(f"{url}/{path}", files={"file": BLUE}, timeout=60,
                                 headers={"Accept": "application/json"})  # fmt: skip
        asked = response.text, response.headers["X-Signature"]
        assert say(url, BLUE, asked, label="unsure").status_code == 201, path
    assert len(read_rows(settings.home / "feedback" / "colors")) == 1


def test_boxes_are_kept_as_training_reads_them(
    start: Start, settings: Settings, photo: bytes
) -> None:
    url = start(settings)
    asked = ask(url, photo, "sweep")
    width, height = json.loads(asked[0])["width"], json.loads(asked[0])["height"]
    boxes = [{"label": "orange", "box": [0, 0, width // 2, height]},
             {"label": "quince", "box": [width // 2, 0, width, height]}]  # fmt: skip
    assert say(url, photo, asked, boxes=json.dumps(boxes)).status_code == 201
    folder = settings.home / "feedback" / "fruits"
    classes = (folder / "classes.txt").read_text().split()
    (file,) = (folder / "boxes").iterdir()
    lines = [line.split() for line in file.read_text().splitlines()]
    assert [classes[int(line[0])] for line in lines] == ["orange", "quince"]
    assert lines[0][1:] == pytest.approx(["0.250000", "0.500000", "0.500000", "1.000000"])
    assert say(url, photo, asked, boxes="[]").status_code == 201
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"answer": "{}"}, 422), ({"signature": "0" * 64}, 422), ({"label": "purple"}, 422),
        ({"label": ""}, 422), ({"boxes": "[1]"}, 400), ({"boxes": "[[["}, 400),
        ({"boxes": '[{"label": "../x", "box": [0, 0, 5, 5]}]'}, 400),
        ({"boxes": '[{"label": "x", "box": [5, 0, 0, 5]}]'}, 400),
        ({"boxes": json.dumps([{"label": "x", "box": [0, 0, 1, 1]}] * 501)}, 400),
    ],
)  # fmt: skip
def test_what_is_not_signed_or_not_sense_is_refused(
    start: Start, settings: Settings, change: dict[str, str], status: int
) -> None:
    url = start(settings)
    answer, signature = ask(url, BLUE)
    form = {"answer": answer, "signature": signature, "label": "red", **change}
    response = requests.post(f"{url}/feedback", files={"file": BLUE}, data=form, timeout=60)
    assert response.status_code == status, response.text
    assert not (settings.home / "feedback").exists()


def test_another_picture_than_the_answers_is_refused(start: Start, settings: Settings) -> None:
    url = start(settings)
    response = say(url, GREEN, ask(url, BLUE), label="red")
    assert (response.status_code, response.json()["code"]) == (422, "answer_not_signed")


def test_without_the_operators_word_nothing_is_kept(start: Start, settings: Settings) -> None:
    url = start(replace(settings, feedback_days=None))
    assert say(url, BLUE, ask(url, BLUE), label="red").status_code == 404
    assert "/feedback" not in requests.get(f"{url}/openapi.json", timeout=30).json()["paths"]


def test_the_limit_of_pictures_holds_and_a_second_word_on_one_counts_once(
    start: Start, settings: Settings
) -> None:
    url = start(replace(settings, feedback_pictures=1))
    asked = ask(url, BLUE)
    for label in ("red", "green"):
        assert say(url, BLUE, asked, label=label).status_code == 201
    response = say(url, GREEN, ask(url, GREEN), label="red")
    assert (response.status_code, response.json()["code"]) == (503, "feedback_full")
    (row,) = read_rows(settings.home / "feedback" / "colors")
    assert row.label == "green"


def test_old_pictures_go_with_their_labels_and_boxes(start: Start, settings: Settings) -> None:
    url = start(settings)
    for data in (BLUE, GREEN):
        say(url, data, ask(url, data), label="red", boxes='[{"label": "x", "box": [0, 0, 9, 9]}]')
    folder = settings.home / "feedback" / "colors"
    old, young = read_rows(folder)
    for row in (old, young):
        save_review(folder, row.file, "red", person="ana", seen=0)
    month_ago = time.time() - 31 * 86_400
    os.utime(folder / old.file, (month_ago, month_ago))
    assert FeedbackStore(settings).remove_old() == 1
    assert [row.file for row in read_rows(folder)] == [young.file]
    assert [path.stem for path in (folder / "boxes").iterdir()] == [Path(young.file).stem]
    with (folder / "labels.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1
    (line,) = (folder / "feedback.ndjson").read_text().splitlines()
    assert json.loads(line)["file"] == young.file
    (example,) = read_labelled(folder, graphs.LABELS, Form((32, 32), (32, 32)), confidence=1.0)
    assert graphs.LABELS[example.label] == "red"
