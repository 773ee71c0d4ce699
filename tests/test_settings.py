"""Settings from the environment: read, or refused with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from countlab import cli
from countlab.errors import CountlabError
from countlab.settings import Rate, Settings

SETTINGS = [
    ("COUNTLAB_MAX_BYTES", "5_000_000", "max_bytes", 5_000_000),
    ("COUNTLAB_MAX_BATCH_BYTES", "1", "max_batch_bytes", 1),
    ("COUNTLAB_MAX_PIXELS", "9", "max_pixels", 9),
    ("COUNTLAB_MAX_BATCH", "2", "max_batch", 2),
    ("COUNTLAB_SLOTS", "3", "slots", 3),
    ("COUNTLAB_QUEUE", "0", "queue", 0),
    ("COUNTLAB_DEADLINE_S", "7", "deadline_s", 7),
    ("COUNTLAB_RATE", "60/minute", "rate", Rate(60, 60)),
    ("COUNTLAB_RATE", "2 / Second", "rate", Rate(2, 1)),
    ("COUNTLAB_RATE", "", "rate", None),
    ("COUNTLAB_ORIGINS", "https://a.example, http://[::1]:3/", "origins",
     ("https://a.example", "http://[::1]:3")),
    ("COUNTLAB_API_KEYS_FILE", "/etc/keys", "api_keys_file", Path("/etc/keys")),
    ("COUNTLAB_API_KEYS", " ", "api_keys", ""),
    ("COUNTLAB_MODEL", "", "default_model", "fruits"),
    ("COUNTLAB_ENGINE", " cvlib ", "engine", "cvlib"),
    ("COUNTLAB_MAX_BODY_MEMORY", "9", "max_body_memory", 9),
    ("COUNTLAB_PICTURE_MEMORY", "200000000", "picture_memory", 200_000_000),
    ("COUNTLAB_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8 , ::1", "trusted_proxies",
     ("127.0.0.1/32", "10.0.0.0/8", "::1/128")),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "value", "name", "expected"), SETTINGS)
def test_settings_are_read(variable: str, value: str, name: str, expected: object) -> None:
    assert getattr(Settings.from_environment({variable: value}), name) == expected


BAD_SETTINGS = [
    ("COUNTLAB_MAX_BYTES", "10MB"), ("COUNTLAB_MAX_PIXELS", "0"), ("COUNTLAB_MAX_BATCH", "-1"),
    ("COUNTLAB_SLOTS", "0"), ("COUNTLAB_QUEUE", "many"), ("COUNTLAB_DEADLINE_S", "1.5"),
    ("COUNTLAB_DEADLINE_S", "٣"), ("COUNTLAB_RATE", "60"), ("COUNTLAB_RATE", "0/minute"),
    ("COUNTLAB_RATE", "60/fortnight"), ("COUNTLAB_ORIGINS", "*"),
    ("COUNTLAB_TRUSTED_PROXIES", "*"), ("COUNTLAB_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("COUNTLAB_ORIGINS", "lab.example.org"), ("COUNTLAB_ORIGINS", "https://a.example/page"),
]  # fmt: skip


@pytest.mark.parametrize(("variable", "value"), BAD_SETTINGS)
def test_an_invalid_setting_is_refused_with_what_is_allowed(variable: str, value: str) -> None:
    with pytest.raises(CountlabError) as caught:
        Settings.from_environment({variable: value})
    assert caught.value.code == "bad_setting"
    detail, fix = caught.value.text()
    assert variable in detail
    assert value in detail
    assert fix.partition(":")[2].strip()


SECRETS = [
    ("COUNTLAB_API_KEY", "api_key"),
    ("COUNTLAB_SIGNING_KEY", "signing_key"),
    ("COUNTLAB_DATABASE_URL", "database_url"),
]


@pytest.mark.parametrize(("variable", "name"), SECRETS)
def test_a_secret_may_stand_in_a_file(tmp_path: Path, variable: str, name: str) -> None:
    path = tmp_path / "secret"
    path.write_text("from-the-file\n")
    from_file = Settings.from_environment({f"{variable}_FILE": str(path)})
    assert getattr(from_file, name) == "from-the-file"
    both = Settings.from_environment({f"{variable}_FILE": str(path), variable: "itself"})
    assert getattr(both, name) == "itself"
    with pytest.raises(CountlabError) as caught:
        Settings.from_environment({f"{variable}_FILE": str(tmp_path / "none")})
    assert caught.value.code == "no_secret_file"
    assert f"{variable}_FILE" in str(caught.value)


def test_an_invalid_setting_is_reported_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTLAB_QUEUE", "many")
    with pytest.raises(SystemExit):
        cli.main(["serve", "--port", "0"])
    err = capsys.readouterr().err
    assert "COUNTLAB_QUEUE" in err
    assert "Traceback" not in err
