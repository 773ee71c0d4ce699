"""What `serve --follow`, `--shadow` and `--canary` mean together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer

from countlab.cli.terminal import note
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.models.followed import CANDIDATE, CHAMPION, Followed, read_followed, read_status
from countlab.settings import Settings, terminal_language

if TYPE_CHECKING:
    from countlab.server.rollout import RolloutPlan
    from countlab.serving.follower_process import FollowerProcess


@dataclass(frozen=True)
class ServePlan:
    """Which aliases are followed, and what a candidate does."""

    followed: tuple[Followed, ...] = ()
    model: str | None = None
    """The model of requests that name none, unless another is asked for."""
    rollout: RolloutPlan | None = None


def read_plan(follow: Sequence[str], shadow: str | None, canary: str | None) -> ServePlan:
    followed = [read_followed(text) for text in follow]
    if not followed:
        if shadow or canary:
            raise typer.BadParameter(say("serve_follow_first"))
        return ServePlan()
    champion = followed[0]
    if not (shadow or canary):
        return ServePlan(tuple(followed), champion.link)
    from countlab.server.rollout import RolloutPlan

    candidate = read_followed(shadow) if shadow else Followed(champion.name, CANDIDATE)
    if candidate.name != champion.name or candidate.alias == CHAMPION:
        raise typer.BadParameter(say("serve_same_model", model=champion.name))
    rollout = RolloutPlan(
        champion.link, candidate.link, shadow=bool(shadow), share=_share(canary) if canary else 0
    )
    both = dict.fromkeys([*followed, candidate])
    return ServePlan(tuple(both), champion.link, rollout)


def start_following(followed: Sequence[Followed], *, engine: str) -> FollowerProcess:
    """The first versions are there when this returns, or it is said what stands in."""
    if find_spec("mlflow") is None:
        raise ModuleNotFoundError(name="mlflow")  # the error names the extra

    from countlab.models.catalog import read_catalog
    from countlab.serving.follower_process import FollowerProcess

    process = FollowerProcess(followed, engine=engine)
    models = Settings.from_environment().models_folder
    catalog = read_catalog(models).models
    for model in followed:
        found = catalog.get(model.link)
        if found is None and model.alias == CHAMPION:
            process.stop()
            status = read_status(models, terminal_language())
            reason = status.get(model.link, {}).get("reason")
            raise CountlabError("nothing_to_follow", followed=model.link, reason=reason or "-")
        version = found.version if found else None
        note(say("serve_following", model=model.link, version=version or say("serve_no_version")))
    return process


def _share(text: str) -> float:
    """`10%`, as a part of one."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", text.strip())
    if match is None or float(match[1]) > 100:
        raise typer.BadParameter(say("serve_bad_share", arrived=text))
    return float(match[1]) / 100
