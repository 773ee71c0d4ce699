"""API keys: parsing, comparison, and that they are never shown."""

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


@pytest.mark.parametrize("keys_setting", ["a b", "classroom:", "x:sha256:", "a,b c", "é h:x"])
def test_malformed_keys_are_refused_and_not_shown(keys_setting: str) -> None:
    with pytest.raises(CountlabError) as refusal:
        ApiKeys.from_settings(Settings(api_keys=keys_setting))
    assert refusal.value.code == "bad_keys"
    assert keys_setting not in str(refusal.value)


def test_keys_file_accepts_hashes_only(tmp_path: Path) -> None:
    key, line = new_key("classroom")
    file = tmp_path / "keys.txt"
    settings = Settings(api_keys_file=file)
    with pytest.raises(CountlabError, match="cannot be read"):
        ApiKeys.from_settings(settings)
    file.write_text(f"# the lab's\n{line}\n\n")
    assert ApiKeys.from_settings(settings).find_name([key.encode()]) == "classroom"
    assert key not in line
    assert key not in repr(settings)
    file.write_text(f"{line}\nclassroom:{key}\n")
    with pytest.raises(CountlabError) as refusal:
        ApiKeys.from_settings(settings)
    assert (refusal.value.code, refusal.value.facts["number"]) == ("bad_keys", 2)


@pytest.mark.parametrize("keys_setting", [",", " , ,"])
def test_empty_list_or_file_of_keys_does_not_open_the_server(
    tmp_path: Path, keys_setting: str
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# all keys removed\n\n")
    for settings in (Settings(api_keys=keys_setting), Settings(api_keys_file=file)):
        with pytest.raises(CountlabError) as refusal:
            ApiKeys.from_settings(settings)
        assert refusal.value.code == "no_keys_left"
    assert ApiKeys.from_settings(Settings(api_keys="a:b", api_keys_file=file))


def test_all_keys_are_compared_whichever_matches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the duration reveals nothing; `hmac` makes each comparison take the same time."""
    comparisons = 0
    compare_digest = hmac.compare_digest

    def counting_compare(*pair: bytes) -> bool:
        nonlocal comparisons
        comparisons += 1
        return compare_digest(*pair)

    monkeypatch.setattr(hmac, "compare_digest", counting_compare)
    api_keys = ApiKeys.from_settings(Settings(api_keys="a:first,b:second,c:third"))
    for key, name in ((b"first", "a"), (b"third", "c"), (b"none", None)):
        comparisons = 0
        assert api_keys.find_name([key]) == name
        assert comparisons == 3


def test_keys_command_prints_a_key_and_its_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["keys", "new", "classroom"])
    output = capsys.readouterr()
    file = tmp_path / "keys.txt"
    file.write_text(output.out)
    key = output.err.split("Key for classroom: ")[1].split()[0]
    assert (
        ApiKeys.from_settings(Settings(api_keys_file=file)).find_name([key.encode()]) == "classroom"
    )


@pytest.mark.parametrize(("host", "keys", "warned"), [
    ("0.0.0.0", "", True), ("0.0.0.0", "wide-open-sesame", False), ("127.0.0.1", "", False),
])  # fmt: skip
def test_serving_other_hosts_without_a_key_prints_a_warning(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
    keys: str,
    warned: bool,
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(foreground, "wait_for_interrupt", interrupt)
    monkeypatch.setattr(logging.root, "handlers", [])  # `serve` replaces them
    monkeypatch.setenv("COUNTLAB_API_KEYS", keys)
    with contextlib.suppress(SystemExit):
        cli.main(["serve", "--host", host, "--port", "0"])
    assert ("no key is set" in capsys.readouterr().err) is warned
