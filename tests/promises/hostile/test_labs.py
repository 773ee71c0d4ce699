"""Each lab as the whole service meets the forms and pictures of the counting table.

What a route counts or classifies, bytes are decoded in one place: so the same rows are sent to a
lab's `/predict`, and get the same codes. Rows of many megabytes are left to the counting table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.promises.hostile import form_cases, pictures
from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.raw import exchange
from tests.promises.hostile.table import OK, Hostile
from tests.promises.hostile.test_bad_requests import PICTURES, Case

pytestmark = pytest.mark.slow
LABS = ("digits", "catsdogs", "weather")
LARGEST = 1_000_000
COUNT, PREDICT = b"POST /countObjects ", b"POST /predict "
FORMS = [
    case
    for case in form_cases.CASES
    if isinstance(case.request, bytes) and case.request.startswith(COUNT)
]
SMALL_PICTURES = [case for case in PICTURES if len(case.data) < LARGEST]
UNUSUAL = {
    "grey": pictures.encoded(pictures.SCENE.convert("L"), "PNG"),
    "alpha": pictures.encoded(pictures.SCENE.convert("RGBA"), "PNG"),
    "palette": pictures.encoded(pictures.SCENE.quantize(64), "GIF"),
    "CMYK": pictures.encoded(pictures.SCENE.convert("CMYK"), "TIFF"),
    "16-bit": pictures.png_16_bit(np.asarray(pictures.SCENE).astype(">u2") * 257),
    "one pixel": pictures.encoded(pictures.SCENE.resize((1, 1)), "PNG"),
    "a column": pictures.encoded(pictures.SCENE.resize((1, 900)), "PNG"),
    "black": pictures.encoded(pictures.SCENE.point(lambda _: 0), "PNG"),
    "animated": pictures.encoded(
        pictures.SCENE, "GIF", save_all=True, append_images=[pictures.SCENE.rotate(90)]
    ),
}


@pytest.fixture(scope="module", params=LABS)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of one lab; it stays up for all of this lab's rows."""
    home: Path = tmp_path_factory.mktemp(request.param)
    options = ("--lab", request.param, "--no-ui", "--no-history")
    with start_server(home, options=options) as server:
        assert server.post("/predict", pictures.PNG).status_code == 200
        yield server


def test_hundreds_of_rows_apply_to_labs() -> None:
    assert len(FORMS) + len(SMALL_PICTURES) > 90


@pytest.mark.parametrize("case", FORMS, ids=[case.name for case in FORMS])
def test_a_hostile_form_is_answered_as_by_counting(lab: ServerProcess, case: Hostile) -> None:
    received = exchange(lab.port, case.data.replace(COUNT, PREDICT, 1))
    assert (received.status, received.code) in case.answers, received.body[:500]
    assert received.seconds < case.seconds
    if (received.status, None) == OK:
        assert _is_an_answer(json.loads(received.body))


@pytest.mark.parametrize("case", SMALL_PICTURES, ids=[case.name for case in SMALL_PICTURES])
def test_a_hostile_picture_is_refused_as_by_counting(lab: ServerProcess, case: Case) -> None:
    response = lab.post("/predict", case.data)
    assert (response.status_code, response.json()["code"]) == (case.status, case.code)


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_picture_gets_probabilities(lab: ServerProcess, name: str) -> None:
    response = lab.post("/predict", UNUSUAL[name])
    assert response.status_code == 200, response.text
    assert _is_an_answer(response.json())
    plain = requests.post(
        lab.url + "/predict", files={"file": pictures.encoded(pictures.SCENE, "PNG")}, timeout=60
    )
    if name in ("alpha", "16-bit"):
        assert response.json()["probabilities"] == plain.json()["probabilities"], "the same pixels"


def test_the_lab_answers_as_before(lab: ServerProcess) -> None:
    """The last test for each lab: its rows have been sent."""
    assert _is_an_answer(lab.post("/predict", pictures.PNG).json())
    assert lab.memory_mb() < 1500


def _is_an_answer(answer: dict[str, Any]) -> bool:
    found = answer.get("all_probabilities", answer["probabilities"])
    values = found if isinstance(found, list) else list(found.values())
    return abs(sum(values) - 1) < 1e-3 and min(values) >= 0
