"""A receipt replays: the same is the same, and whatever differs is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.inference.pipeline import Pipeline
from countlab.inference.saved_answers import read_saved
from countlab.inference.verify import verify
from countlab.notebook import Server
from countlab.settings import Settings
from tests.conftest import FRUITS, Run


@pytest.fixture
def pipeline(home: Path) -> Pipeline:
    return Pipeline(Settings(home=home))


@pytest.fixture
def answer(server: Server, photo: bytes) -> dict[str, Any]:
    """As a client of the server saves it."""
    url = server.url + "/countObjects?confidence=0.3&object=orange"
    told: dict[str, Any] = requests.post(url, files={"file": photo}, timeout=60).json()
    return told


def what_differs(
    answer: dict[str, Any], picture: bytes, pipeline: Pipeline, folder: Path
) -> set[str]:
    path = folder / "saved.json"
    path.write_text(json.dumps(answer))
    return {one.what for one in verify(read_saved(path, picture), picture, pipeline)}


def test_a_receipt_holds_what_can_be_checked_by_hand(answer: dict[str, Any], photo: bytes) -> None:
    receipt = answer["receipt"]
    weights = hashlib.sha256((FRUITS / "fruits.weights").read_bytes()).hexdigest()
    canonical = json.dumps(answer["findings"], sort_keys=True, separators=(",", ":"))
    assert receipt["picture_sha256"] == hashlib.sha256(photo).hexdigest()
    assert receipt["files_sha256"]["weights"] == weights
    assert receipt["result_sha256"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert receipt["parameters"]["confidence"] == 0.3
    for member in ("model", "engine", "precision", "object"):
        assert receipt[member] == answer[member]


def test_the_same_picture_gives_the_same(
    answer: dict[str, Any], photo: bytes, pipeline: Pipeline, tmp_path: Path
) -> None:
    assert what_differs(answer, photo, pipeline, tmp_path) == set()
    assert what_differs(answer["receipt"], photo, pipeline, tmp_path) == set()


def test_what_differs_is_named(
    answer: dict[str, Any], photo: bytes, jpeg: bytes, pipeline: Pipeline, tmp_path: Path
) -> None:
    def changed(**members: Any) -> set[str]:
        other = {**answer, "receipt": {**answer["receipt"], **members}}
        return what_differs(other, photo, pipeline, tmp_path)

    assert what_differs(answer, jpeg, pipeline, tmp_path) == {"picture", "finding"}
    assert changed(version="0.0.1") == {"version"}
    assert changed(precision="f8") == {"precision"}
    files = answer["receipt"]["files_sha256"]
    assert changed(files_sha256={**files, "weights": "0" * 64}) == {"model file (weights)"}
    assert changed(result_sha256="0" * 64) == {"saved findings (changed since)"}
    alone = {**answer["receipt"], "result_sha256": "0" * 64}
    assert what_differs(alone, photo, pipeline, tmp_path) == {"result"}
    forged = json.loads(json.dumps(answer))
    forged["findings"][0]["confidence"] = 0.999
    told = what_differs(forged, photo, pipeline, tmp_path)
    assert told == {"saved findings (changed since)", "finding"}


def test_another_model_file_is_noticed(
    answer: dict[str, Any], photo: bytes, home: Path, tmp_path: Path
) -> None:
    folder = home / "models" / "fruits"  # a person's own takes the place of the built-in one
    shutil.copytree(FRUITS, folder)
    weights = bytearray((folder / "fruits.weights").read_bytes())
    weights[-1] ^= 1
    (folder / "fruits.weights").write_bytes(weights)
    described = (folder / "model.toml").read_text()
    receipt = answer["receipt"]["files_sha256"]["weights"]
    right = hashlib.sha256(weights).hexdigest()
    (folder / "model.toml").write_text(described.replace(receipt, right))
    pipeline = Pipeline(Settings(home=home))
    assert "model file (weights)" in what_differs(answer, photo, pipeline, tmp_path)


def test_the_command_says_same_or_what_differs(
    run: Run, answer: dict[str, Any], photo: bytes, jpeg: bytes, tmp_path: Path
) -> None:
    saved, picture, other = tmp_path / "a.json", tmp_path / "a.jpg", tmp_path / "b.jpg"
    picture.write_bytes(photo)
    other.write_bytes(jpeg)
    saved.write_text(json.dumps(answer))
    assert run("verify", saved, picture)[:2] == (0, "Same result.\n")
    status, out, _ = run("verify", saved, other)
    assert status == 1
    assert "picture" in out
    assert "Not the same." in out
    _, batch, _ = run("count", other, picture, "--json")
    saved.write_text(batch)
    assert run("verify", saved, picture)[0] == 0


def test_a_file_that_holds_no_receipt_is_told(
    run: Run, answer: dict[str, Any], photo: bytes, tmp_path: Path
) -> None:
    saved, picture = tmp_path / "a.json", tmp_path / "a.jpg"
    picture.write_bytes(photo)
    receipt = answer["receipt"]
    wrong: list[Any] = [{}, {"results": []}, {"results": 5}, [], [answer], None, "receipt", 5]
    for member in receipt.keys() - {"object"}:
        wrong += [{**receipt, member: 5}, {**answer, "receipt": {**receipt, member: None}}]
    wrong += [{**receipt, "object": 5}, {**receipt, "parameters": {"confidence": "x"}}]
    wrong += [{**answer, "findings": 5}, {**answer, "findings": ["x"]}, {**answer, "receipt": 5}]
    for document in ["no json", *map(json.dumps, wrong)]:
        saved.write_text(document)
        status, _, err = run("verify", saved, picture)
        assert (status, err.startswith(f"Error: {saved} holds no receipt")) == (1, True), document


def test_the_history_is_listed_in_the_terminal(
    run: Run, home: Path, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countlab.notebook import serve
    from countlab.server import create_app

    assert "Nothing was counted yet" in run("history")[2]
    server = serve(create_app(settings=Settings(home=home), history=True), port=0)
    for path in ("/countOranges", "/countApples"):
        requests.post(server.url + path, files={"file": photo}, timeout=60)
    server.stop()
    assert "apple" in run("history", "--object", "apple")[1]
    assert "Nothing" in run("history", "--object", "pear")[2]
    assert len(run("history", "--csv")[1].splitlines()) == 3
    rows = json.loads(run("history", "--json", "--limit", "1")[1])["rows"]
    assert [row["object"] for row in rows] == ["apple"]
    (home / "row.json").write_text(json.dumps({"rows": rows}))
    (home / "x.jpg").write_bytes(photo)
    assert run("verify", home / "row.json", home / "x.jpg")[0] == 0
    monkeypatch.setenv("COUNTLAB_DATABASE_URL", "postgresql+psycopg://127.0.0.1:9/none")
    assert "database of the history does not answer" in run("history")[2]
