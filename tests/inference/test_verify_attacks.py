"""A saved answer that was changed, or is no answer, is never called the same."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.saved_answers import read_saved
from countlab.inference.sweep import Sweep
from countlab.inference.verify import Difference, verify
from countlab.options import PredictOptions
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import Run

Change = Callable[[dict[str, Any]], object]


class Remembering(Pipeline):
    """Counts a picture once for the same options: thousands of changed answers are about one."""

    def __init__(self) -> None:
        super().__init__()
        self._predictions: dict[tuple[bytes, PredictOptions | None], Prediction] = {}

    def predict(self, data: bytes, options: PredictOptions | None = None) -> Prediction:
        key = data, options
        if key not in self._predictions:
            self._predictions[key] = super().predict(data, options)
        return self._predictions[key]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Remembering()


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


KINDS = ("answer", "receipt", "sweep", "row", "page", "batch")
OF_THAT_DAY = {"id", "time", "request_id", "key_name", "filename", "next", "name"}
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def documents(
    pipeline: Pipeline, photo: bytes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Everything that an answer can be saved as."""
    options = PredictOptions(confidence=0.3, object="orange")
    prediction = pipeline.predict(photo, PredictOptions(confidence=0.3))
    floor = PredictOptions(confidence=pipeline.floor(PredictOptions()))
    row = history_row(pipeline.predict(photo, options), photo, tmp_path_factory.mktemp("history"))
    documents = {
        "answer": prediction.as_json("es"),
        "receipt": prediction.receipt,
        "sweep": Sweep(pipeline.predict(photo, floor)).as_json(),
        "row": row,
        "page": {"rows": [row], "next": None},
        "batch": {"results": [{"name": "x.jpg", "result": prediction.as_json()}]},
    }
    return json.loads(json.dumps(documents))  # type: ignore[no-any-return]


def history_row(prediction: Prediction, photo: bytes, home: Path) -> dict[str, Any]:
    """As `/history` shows it."""
    app = create_app(settings=Settings(home=home), history=True)
    with TestClient(app) as client:
        data = {"file": ("x.jpg", photo)}
        query = "confidence=0.3&object=" + str(prediction.options.object)
        assert client.post(f"/countObjects?{query}", files=data).status_code == 200
        return client.get("/history").json()["rows"][0]  # type: ignore[no-any-return]


def places(document: Any, at: Place = ()) -> Iterator[Place]:
    """Every member at every depth, and the first and the last element of lists."""
    if isinstance(document, list):
        items = list(enumerate(document))
        items = items if len(items) < 3 else [items[0], items[-1]]
    else:
        items = list(document.items())
    for name, value in items:
        yield (*at, name)
        if isinstance(value, dict | list):
            yield from places(value, (*at, name))


def found(document: Any, place: Place) -> Any:
    for name in place:
        document = document[name]
    return document


def others(value: Any) -> list[Any]:
    """Values that something else might be taken for."""
    values = [
        None,
        True,
        False,
        0,
        1,
        -1,
        "",
        "x",
        [],
        {},
        [value],
        {"x": value},
        str(value),
        1e300,
    ]
    if isinstance(value, int | float) and not isinstance(value, bool):
        values = [value + 1, value + 1e-6, -1 - value, *(each for each in values if each != value)]
        values += [True] if value == 1 else [False] if value == 0 else []
    if isinstance(value, str):
        values += [value + " ", value.upper(), value + "\0", value[:-1], "\u202e" + value]
    if isinstance(value, list):
        values += [value[::-1], [*value, None], value[1:], value[:1] * 2]
    if isinstance(value, dict):
        values += [{**value, "more": 1}, dict(list(value.items())[:-1]), dict.fromkeys(value, 1)]
    return [other for other in values if type(other) is not type(value) or other != value]


def changed(document: Any) -> Iterator[tuple[str, Place, Any]]:
    """Each member at each depth taken out, changed into something else, and one put beside it."""
    for place in list(places(document)):
        inside, name = found(document, place[:-1]), place[-1]
        original = copy.deepcopy(inside)
        for value in others(inside[name]):
            inside[name] = value
            yield f"{place} = {value!r}", place, document
            inside[name] = copy.deepcopy(original[name])
        del inside[name]
        yield f"{place} taken out", place, document
        if isinstance(inside, list):
            inside[:] = original
        else:
            inside.update(original)
        if isinstance(inside, dict):
            inside["added"] = 7
            yield f"added beside {place}", (*place[:-1], "added"), document
            del inside["added"]


def is_noticed(
    document: Any, path: Path, pipeline: Pipeline, photo: bytes
) -> list[Difference] | CountlabError:
    path.write_text(json.dumps(document))
    return verify_or_error(path, pipeline, photo)


def verify_or_error(
    path: Path, pipeline: Pipeline, photo: bytes
) -> list[Difference] | CountlabError:
    try:
        return verify(read_saved(path, photo), photo, pipeline)
    except CountlabError as error:
        return error


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_change_at_every_depth_is_noticed(
    kind: str, documents: dict[str, Any], pipeline: Pipeline, photo: bytes, tmp_path: Path
) -> None:
    document, path = copy.deepcopy(documents[kind]), tmp_path / "saved.json"
    assert is_noticed(document, path, pipeline, photo) == []
    number, unnoticed = 0, []
    for change, place, other in changed(document):
        number += 1
        noticed = is_noticed(other, path, pipeline, photo)
        member = next((name for name in reversed(place) if isinstance(name, str)), "")
        if isinstance(noticed, CountlabError) or any(one.matters for one in noticed):
            continue
        of_that_day = member in OF_THAT_DAY and kind in ("row", "page", "batch")
        newer = place[-1] == "version" and noticed
        measured = "milliseconds" in place and are_durations(other)
        # A receipt alone, of a count with these parameters, which indeed gives this result.
        replayed = kind == "receipt" and place[:1] == ("parameters",)
        repeated = place in (("rows",), ("results",)) and all(
            entry == documents[kind][place[0]][0] for entry in other[place[0]]
        )
        if not (of_that_day or newer or measured or replayed or repeated):
            unnoticed.append(change)
    assert document == documents[kind]
    assert number > 100
    assert unnoticed == []


def are_durations(document: Any) -> bool:
    """Other times of the same steps, which nobody can check."""
    answer = document.get("results", [document])[0]
    answer = answer.get("result", answer)
    answer = answer.get("rows", [answer])[0]
    times = answer.get("milliseconds")
    return (
        isinstance(times, dict)
        and set(times) == {"decode", "find"}
        and all(type(time) in (int, float) and time >= 0 for time in times.values())
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_other_value_anywhere_is_noticed(
    data: st.DataObject,
    documents: dict[str, Any],
    pipeline: Pipeline,
    photo: bytes,
    tmp_path: Path,
) -> None:
    kind = data.draw(st.sampled_from(("answer", "receipt", "sweep")))
    document = copy.deepcopy(documents[kind])
    place = data.draw(st.sampled_from(list(places(document))))
    value = data.draw(JSON_VALUES)
    inside = found(document, place[:-1])
    if inside[place[-1]] == value or "milliseconds" in place:
        return
    inside[place[-1]] = value
    noticed = is_noticed(document, tmp_path / "saved.json", pipeline, photo)
    assert noticed, "it says Same result."
    for one in noticed if isinstance(noticed, list) else ():
        assert (one.what + one.then + one.now).isprintable()


def test_a_forged_answer_beside_a_true_one_is_noticed(
    documents: dict[str, Any], pipeline: Pipeline, photo: bytes, tmp_path: Path
) -> None:
    """Both are about the same picture: all of them are compared, not the first."""
    entry = documents["batch"]["results"][0]
    forged = copy.deepcopy(entry)
    forged["result"]["count"] = 99
    for entries in ([entry, forged], [forged, entry]):
        noticed = is_noticed({"results": entries}, tmp_path / "x.json", pipeline, photo)
        assert isinstance(noticed, list)
        assert [one.what for one in noticed] == ["count"]


@pytest.mark.parametrize("depth", [10, 400, 900, 980, 100_000])
def test_deep_values_are_shown_briefly(
    depth: int, documents: dict[str, Any], pipeline: Pipeline, photo: bytes, tmp_path: Path
) -> None:
    text = json.dumps({**documents["answer"], "count": "DEEP"})
    path = tmp_path / "x.json"
    path.write_text(text.replace('"DEEP"', "[" * depth + "]" * depth))
    noticed = verify_or_error(path, pipeline, photo)
    if isinstance(noticed, CountlabError):
        assert noticed.code == "not_a_receipt"
    else:
        assert [one.what for one in noticed] == ["count"]
        assert len(noticed[0].then) < 300


def test_what_is_shown_does_nothing_to_a_terminal(
    run: Run, documents: dict[str, Any], photo: bytes, tmp_path: Path
) -> None:
    """Colors, cursor movements and markup in a member would write `Same result.` themselves."""
    for word in (
        "\x1b[1A\x1b[2KSame result.",
        "\rSame result.",
        "[/]",
        "[red]x",
        "\u202eemaS",
        "\ud800",
    ):
        forged = copy.deepcopy(documents["answer"])
        forged["count"] = word
        forged["findings"][0]["label"] = word
        forged["receipt"]["files_sha256"][word] = word
        (tmp_path / "a.json").write_text(json.dumps(forged))
        (tmp_path / "a.jpg").write_bytes(photo)
        status, out, err = run("verify", tmp_path / "a.json", tmp_path / "a.jpg")
        assert (status, err) == (1, ""), word
        assert out.endswith("Not the same.\n")
        assert not any(character in out for character in "\x1b\r\u202e\ud800"), word


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "{}", "7", "null", '"x"', "[" * 100_000, '{"a":' * 50_000, "NaN",
     '{"receipt": NaN}', '{"receipt": {}}', '{"rows": 7}', '{"rows": [7]}', '{"results": [7]}',
     '{"results": {"result": 1}}', '{"rows": []}', "\x00", "﻿{}", '{"receipt": []}',
     '{"results": [{"result": null}]}', '{"rows": [null]}', "9" * 6_000,
     '{"results": [], "count": 7}', '{"rows": [], "more": 1}', '{"results": [{"count": 7}]}',
     '{"receipt": {}, "receipt": {}}', '{"rows": [' + "{}," * 1_000 + "{}]}"],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(text)
    with pytest.raises(CountlabError) as caught:
        read_saved(path, b"")
    assert caught.value.code == "not_a_receipt"


def test_pipes_devices_and_folders_are_not_read(
    run: Run, documents: dict[str, Any], tmp_path: Path
) -> None:
    pipe, sparse, saved = tmp_path / "pipe", tmp_path / "sparse", tmp_path / "saved.json"
    os.mkfifo(pipe)
    with sparse.open("wb") as file:
        file.truncate(10**12)
    (tmp_path / "link").symlink_to("/dev/zero")
    saved.write_text(json.dumps(documents["answer"]))
    for path in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "absent", sparse, tmp_path / "link",
                 Path("/proc/self/mem"), tmp_path / ("x" * 300), Path("a\0b")):  # fmt: skip
        with pytest.raises(CountlabError) as caught:
            read_saved(path, b"")
        assert caught.value.code == "not_a_receipt", path
        if "\0" not in str(path):
            assert run("verify", saved, path)[0] == 1, "nor is it read as a picture"
