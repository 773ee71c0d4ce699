"""The commands as they are typed: publish, promote, rollback, registry, and what they refuse."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from countlab.models.registry import Registry
from countlab.settings import Settings
from tests.conftest import Run
from tests.registry.conftest import digit_pictures, variant


def test_from_a_folder_to_champion_and_back(
    settings: Settings, registry: Registry, run: Run, tmp_path: Path
) -> None:
    assert settings.tracking is None
    data = digit_pictures(tmp_path / "digits", each=2)
    good, worse = variant(tmp_path / "good"), variant(tmp_path / "worse", noise=1.5)
    again = variant(tmp_path / "again", noise=0.001)
    slow = ("--within-ms", 60_000, "--margin", 0.05, "--engine", "onnxruntime")
    assert run("publish", good, "--data", data)[:2] == (0, "1\n")
    status, out, err = run("promote", "numbers", 1, "--data", data, *slow)
    assert (status, out.count("✓")) == (0, 3)
    assert "version 1 is the champion" in err
    assert "is the champion already" in run("promote", "numbers", 1, "--data", data)[2]
    assert run("publish", worse)[1] == "2\n"
    status, out, err = run("promote", "numbers", 2, "--data", data, *slow)
    assert (status, out[0], "stays as it is" in err) == (1, "✗", True)
    assert run("publish", again, "--name", "numbers")[1] == "3\n"
    assert run("promote", "numbers", 3, "--data", data, *slow)[0] == 0
    lines = [line.split() for line in run("registry", "numbers")[1].splitlines()[1:]]
    assert lines[0][:3] == ["numbers", "3", "candidate,"]
    assert "version 1 is the champion again" in run("rollback", "numbers")[2]
    champion = registry.at("numbers", "champion")
    assert champion is not None
    assert champion.number == "1"


def test_what_is_not_there_is_said(settings: Settings, run: Run, tmp_path: Path) -> None:
    assert settings.home.is_dir()
    assert "countlab publish MODEL" in run("registry")[2]
    for typed, said in (
        (("publish", "nothing"), "no model called “nothing”"),
        (("publish", "digits", "--data", tmp_path / "absent"), "absent"),
        (("publish", "yolov3"), "yolov3"),
        (("promote", "digits", 4, "--data", tmp_path), "no version 4"),
        (("rollback", "digits"), "no other"),
    ):
        status, _, err = run(*typed)
        assert (status, said in err) == (1, True), err
        assert "Traceback" not in err


def test_a_missing_library_is_named_with_its_extra(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    for typed in (("publish", "digits"), ("rollback", "digits"), ("registry",),
                  ("serve", "--follow", "digits@champion")):  # fmt: skip
        status, _, err = run(*typed)
        assert (status, "countlab[track]" in err) == (1, True), err


def test_shadow_and_canary_need_a_champion_to_follow(run: Run) -> None:
    for typed in (("--shadow", "a@candidate"), ("--canary", "10%"),
                  ("--follow", "a", "--canary", "ten"), ("--follow", "a", "--canary", "101%"),
                  ("--follow", "a", "--shadow", "b@candidate"),
                  ("--follow", "a", "--shadow", "a@champion")):  # fmt: skip
        assert run("serve", *typed)[0] == 2, typed
    status, _, err = run("serve", "--follow", "a/b")
    assert (status, "NAME@ALIAS" in err) == (1, True)
