"""Settings of the program. The only module that reads the environment."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from countlab.errors import CountlabError
from countlab.messages import Language

_UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Rate(NamedTuple):
    """At most `requests` in `seconds`."""

    requests: int
    seconds: int


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; `from_environment` reads the `COUNTLAB_*` variables."""

    default_model: str = "fruits"
    engine: str = "openvino"
    """The engine of requests that name none."""
    home: Path = Path.home() / ".countlab"
    """Fetched models and the user's own models are in its `models/`."""
    max_bytes: int = 25_000_000
    max_batch_bytes: int = 40_000_000
    """All pictures of one request together; each of them may have `max_bytes`."""
    max_pixels: int = 51_000_000
    """What a phone's camera of 50 megapixels takes, and a little more."""
    picture_memory: int = 500_000_000
    """Bytes that the large pictures at work in a server share; they take turns."""
    max_batch: int = 64
    slots: int = 0
    """Requests that run at the same time; 0 means one more than there are cores."""
    queue: int = 64
    """Requests that may wait for a slot; further ones get 503 at once."""
    max_body_memory: int = 160_000_000
    """Bytes of all bodies that are in memory at once; one address may have half of them."""
    deadline_s: float = 60
    """From a request's arrival to the end of its response, waiting and sending included."""
    api_keys: str = field(default="", repr=False)
    api_keys_file: Path | None = None
    """Keys that the server accepts, in the form of `server/middleware/api_keys.py`; if both are
    empty, no key is needed."""
    api_key: str = field(default="", repr=False)
    """The key that this package's client sends."""
    label_url: str = ""
    """A vision endpoint that speaks OpenAI's protocol, up to `/v1`; for `countlab label`."""
    label_model: str = ""
    label_key: str = field(default="", repr=False)
    rate: Rate | None = None
    """The rate limit of each key, or of each address where there are no keys."""
    origins: tuple[str, ...] = ()
    """Other web origins whose scripts may call the server, such as `https://lab.example.org`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose `X-Forwarded-*` headers are believed."""
    signing_key: str = field(default="", repr=False)
    """Signs answers, so that the page's own can be told from others; random if empty."""
    database_url: str | None = field(default=None, repr=False)
    """The history database; `history.sqlite` in `home` by default."""
    history_days: int | None = None
    history_rows: int = 1_000_000
    """Older rows are deleted, and the oldest beyond this number."""
    feedback_days: int | None = None
    """For how many days pictures are kept whose answers people say were wrong; none by default."""
    feedback_pictures: int = 1000
    """How many of them at most."""
    tracking: str | None = field(default=None, repr=False)
    """Where runs and registered models are kept: an MLflow server, or a database's address; an
    SQLite file in `home` by default."""
    artifacts: str | None = None
    """Where their files are kept, such as `s3://models`; a server says so itself."""
    wandb_mode: str = "offline"
    """What `--track wandb` does with a run; `online` sends it."""
    metrics_folder: Path | None = None
    """Where the workers of one server share their metrics."""
    language: Language = "en"
    """The language of the terminal; a server follows each request's `Accept-Language`."""

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        variables = os.environ if environment is None else environment
        home = _text(variables, "COUNTLAB_HOME")
        keys_file = _text(variables, "COUNTLAB_API_KEYS_FILE")
        metrics = _text(variables, "PROMETHEUS_MULTIPROC_DIR")  # read by prometheus_client too
        return cls(
            default_model=_text(variables, "COUNTLAB_MODEL") or cls.default_model,
            engine=_text(variables, "COUNTLAB_ENGINE") or cls.engine,
            home=Path(home).expanduser() if home else cls.home,
            max_bytes=_integer(variables, "COUNTLAB_MAX_BYTES", cls.max_bytes),
            max_batch_bytes=_integer(variables, "COUNTLAB_MAX_BATCH_BYTES", cls.max_batch_bytes),
            max_pixels=_integer(variables, "COUNTLAB_MAX_PIXELS", cls.max_pixels),
            picture_memory=_integer(
                variables, "COUNTLAB_PICTURE_MEMORY", cls.picture_memory, minimum=100_000_000
            ),
            max_batch=_integer(variables, "COUNTLAB_MAX_BATCH", cls.max_batch),
            slots=_integer(variables, "COUNTLAB_SLOTS", cls.slots),
            queue=_integer(variables, "COUNTLAB_QUEUE", cls.queue, minimum=0),
            max_body_memory=_integer(variables, "COUNTLAB_MAX_BODY_MEMORY", cls.max_body_memory),
            deadline_s=_integer(variables, "COUNTLAB_DEADLINE_S", int(cls.deadline_s)),
            api_keys=_text(variables, "COUNTLAB_API_KEYS"),
            api_keys_file=Path(keys_file).expanduser() if keys_file else None,
            api_key=_secret(variables, "COUNTLAB_API_KEY"),
            label_url=_text(variables, "COUNTLAB_LABEL_URL"),
            label_model=_text(variables, "COUNTLAB_LABEL_MODEL"),
            label_key=_text(variables, "COUNTLAB_LABEL_KEY"),
            rate=_rate(variables),
            origins=_origins(variables),
            trusted_proxies=_networks(variables, "COUNTLAB_TRUSTED_PROXIES"),
            signing_key=_secret(variables, "COUNTLAB_SIGNING_KEY"),
            database_url=_secret(variables, "COUNTLAB_DATABASE_URL") or None,
            history_days=_integer(variables, "COUNTLAB_HISTORY_DAYS", 0) or None,
            history_rows=_integer(variables, "COUNTLAB_HISTORY_ROWS", cls.history_rows),
            feedback_days=_integer(variables, "COUNTLAB_FEEDBACK_DAYS", 0) or None,
            feedback_pictures=_integer(
                variables, "COUNTLAB_FEEDBACK_PICTURES", cls.feedback_pictures
            ),
            tracking=_text(variables, "COUNTLAB_TRACKING").rstrip("/") or None,
            artifacts=_text(variables, "COUNTLAB_ARTIFACTS").rstrip("/") or None,
            wandb_mode=_text(variables, "WANDB_MODE") or cls.wandb_mode,  # its own variable
            metrics_folder=Path(metrics) if metrics else None,
            language=terminal_language(variables),
        )


def _text(variables: Mapping[str, str], variable: str) -> str:
    """The stripped value; a variable that is set but empty, as in `.env` files, counts as unset."""
    return variables.get(variable, "").strip()


def _secret(variables: Mapping[str, str], variable: str) -> str:
    """The value, or what the file of `VARIABLE_FILE` says: a container gets secrets as files."""
    path = _text(variables, f"{variable}_FILE")
    if not path or _text(variables, variable):
        return _text(variables, variable)
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "UTF-8?"
        raise CountlabError(
            "no_secret_file", variable=f"{variable}_FILE", path=path, reason=reason
        ) from error


def _integer(variables: Mapping[str, str], variable: str, default: int, *, minimum: int = 1) -> int:
    arrived = _text(variables, variable).replace("_", "")
    if not arrived:
        return default
    if not re.fullmatch(r"[0-9]{1,15}", arrived) or int(arrived) < minimum:
        raise _bad_setting(variables, variable, f"{minimum}, {minimum + 1}, {minimum + 2}, …")
    return int(arrived)


def _rate(variables: Mapping[str, str]) -> Rate | None:
    arrived = _text(variables, "COUNTLAB_RATE").lower()
    if not arrived:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,8}) ?/ ?(second|minute|hour|day)", arrived)
    if not match:
        raise _bad_setting(variables, "COUNTLAB_RATE", "10/second, 60/minute, 1000/hour, 5000/day")
    return Rate(int(match[1]), _UNIT_SECONDS[match[2]])


def _origins(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Explicit origins only: `*` would let every page that a user opens call their server."""
    parts = _text(variables, "COUNTLAB_ORIGINS").split(",")
    origins = tuple(part.strip().rstrip("/") for part in parts if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
            allowed = "https://lab.example.org, http://127.0.0.1:3000"
            raise _bad_setting(variables, "COUNTLAB_ORIGINS", allowed)
    return origins


def _networks(variables: Mapping[str, str], variable: str) -> tuple[str, ...]:
    """Addresses such as `127.0.0.1` and networks such as `10.0.0.0/8`, with commas."""
    entries = [part.strip() for part in _text(variables, variable).split(",") if part.strip()]
    try:
        return tuple(str(ipaddress.ip_network(entry)) for entry in entries)
    except ValueError:
        raise _bad_setting(variables, variable, "127.0.0.1, 10.0.0.0/8, ::1") from None


def _bad_setting(variables: Mapping[str, str], variable: str, allowed: str) -> CountlabError:
    return CountlabError(
        "bad_setting", variable=variable, arrived=variables[variable], allowed=allowed
    )


def notebook_name(environment: Mapping[str, str] | None = None) -> str:
    """The file name of the notebook whose kernel this is, as Jupyter tells its kernels."""
    found = os.environ if environment is None else environment
    return Path(found.get("JPY_SESSION_NAME", "")).name or "a notebook"


def terminal_language(environment: Mapping[str, str] | None = None) -> Language:
    """The locale's language: the first variable that is set decides, as in other programs.

    Separate from `from_environment`, which may itself fail and needs a language to say so.
    """
    variables = os.environ if environment is None else environment
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((variables[name] for name in names if variables.get(name)), "")
    return "es" if locale.lower().startswith("es") else "en"
