"""Keys as an operator writes them: understood or refused, compared, never shown."""

from __future__ import annotations

import contextlib
import hmac
import logging
from pathlib import Path

import pytest

from countlab import cli
from countlab.errors import CountlabError
from countlab.server.middleware.api_keys import ApiKeys, new_key
from countlab.serving import foreground
from countlab.settings import Settings


@pytest.mark.parametrize("listed", ["a b", "classroom:", "x:sha256:", "a,b c", "é h:x"])
def test_keys_that_cannot_be_understood_are_refused_and_never_shown(listed: str) -> None:
    with pytest.raises(CountlabError) as caught:
        ApiKeys.of(Settings(api_keys=listed))
    assert caught.value.code == "bad_keys"
    assert listed not in str(caught.value)


def test_a_file_holds_hashes_only(tmp_path: Path) -> None:
    key, line = new_key("classroom")
    file = tmp_path / "keys.txt"
    settings = Settings(api_keys_file=file)
    with pytest.raises(CountlabError, match="cannot be read"):
        ApiKeys.of(settings)
    file.write_text(f"# the lab's\n{line}\n\n")
    assert ApiKeys.of(settings).name_of([key.encode()]) == "classroom"
    assert key not in line
    assert key not in repr(settings)
    file.write_text(f"{line}\nclassroom:{key}\n")
    with pytest.raises(CountlabError) as caught:
        ApiKeys.of(settings)
    assert (caught.value.code, caught.value.facts["number"]) == ("bad_keys", 2)


@pytest.mark.parametrize("listed", [",", " , ,"])
def test_a_list_or_file_whose_last_key_was_taken_back_opens_the_door_to_nobody(
    tmp_path: Path, listed: str
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# the last one left the school\n\n")
    for settings in (Settings(api_keys=listed), Settings(api_keys_file=file)):
        with pytest.raises(CountlabError) as caught:
            ApiKeys.of(settings)
        assert caught.value.code == "no_keys_left"
    assert ApiKeys.of(Settings(api_keys="a:b", api_keys_file=file))


def test_every_key_is_compared_wherever_the_right_one_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the time tells nothing; each comparison itself takes the same time by `hmac`."""
    compared = 0
    compare = hmac.compare_digest

    def counting(*pair: bytes) -> bool:
        nonlocal compared
        compared += 1
        return compare(*pair)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    api_keys = ApiKeys.of(Settings(api_keys="a:first,b:second,c:third"))
    for key, name in ((b"first", "a"), (b"third", "c"), (b"none", None)):
        compared = 0
        assert api_keys.name_of([key]) == name
        assert compared == 3


def test_the_terminal_makes_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["keys", "new", "classroom"])
    told = capsys.readouterr()
    file = tmp_path / "keys.txt"
    file.write_text(told.out)
    key = told.err.split("Key for classroom: ")[1].split()[0]
    assert ApiKeys.of(Settings(api_keys_file=file)).name_of([key.encode()]) == "classroom"


@pytest.mark.parametrize(("host", "keys", "warned"), [
    ("0.0.0.0", "", True), ("0.0.0.0", "wide-open-sesame", False), ("127.0.0.1", "", False),
])  # fmt: skip
def test_an_open_door_to_the_world_is_told_loudly(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    keys: str,
    warned: bool,
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(foreground, "wait_for_interrupt", interrupted)
    monkeypatch.setattr(logging.root, "handlers", [])  # serve puts its own there
    monkeypatch.setenv("COUNTLAB_API_KEYS", keys)
    with contextlib.suppress(SystemExit):
        cli.main(["serve", "--host", host, "--port", "0"])
    assert ("no key is set" in capsys.readouterr().err) is warned
