"""The status that a follower leaves in the models folder, whole or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countlab.models.followed import State, read_status, write_status
from countlab.models.version_folder import VERSIONS


def test_reason_is_read_in_the_readers_language(tmp_path: Path) -> None:
    state = State(refused="3", reason={"en": "It is damaged.", "es": "Está dañada."})
    write_status(tmp_path, {"weather": state})
    assert read_status(tmp_path)["weather"]["reason"] == "It is damaged."
    assert read_status(tmp_path, "es")["weather"]["reason"] == "Está dañada."


@pytest.mark.parametrize(
    "status",
    [{"weather": {"reason": "as versions before wrote it"}}, {"weather": {}}, {"weather": 1}, [1]],
)
def test_a_status_of_another_form_is_none(tmp_path: Path, status: object) -> None:
    write_status(tmp_path, {"weather": State()})
    (path,) = (tmp_path / VERSIONS).iterdir()
    path.write_text(json.dumps(status))
    assert read_status(tmp_path) == {}
