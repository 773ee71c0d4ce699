"""Following the registry: what an alias stands for is brought down, checked, and linked.

Knows nothing of requests. A server finds another version in its models folder, whole, and swaps it
in between two requests; what it served before stays on disk for a rollback.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from countlab.errors import CountlabError
from countlab.inference.model_probe import probe_model
from countlab.messages import LANGUAGES
from countlab.models.entry import read_entry
from countlab.models.followed import Followed, State, write_status
from countlab.models.registered_version import Version
from countlab.models.registry import Registry
from countlab.models.store import Store
from countlab.models.version_folder import link, linked, prune
from countlab.settings import Settings

_CHECKED = "checked-"
_RETRY_S = 30.0  # a version that was refused may have been damaged on the way

log = logging.getLogger("countlab.following")


class Follower:
    """`step()` looks once; call it again and again."""

    def __init__(self, settings: Settings, followed: Sequence[Followed], *, engine: str) -> None:
        self._registry = Registry(settings)
        self._models, self._engine = settings.models_folder, engine
        self._followed = tuple(followed)
        self._states = {model: self._state_on_disk(model) for model in followed}
        self._refused: dict[Followed, tuple[Version, float]] = {}

    def step(self) -> None:
        for model in self._followed:
            try:
                self._look(model)
            except CountlabError as error:
                self._away(model, error)
            except Exception as error:  # a follower that ends would never see a rollback
                self._away(model, CountlabError("tracking_away", address=model.link, reason=error))
        write_status(self._models, self.states)

    @property
    def states(self) -> dict[str, State]:
        return {model.link: state for model, state in self._states.items()}

    def _look(self, model: Followed) -> None:
        state = self._states[model]
        wanted = self._registry.at(model.name, model.alias)
        if state.registry != "ok":
            log.warning("the registry answers again: %s", model.link)
            state.registry = "ok"
        if wanted is None or self._is_linked(model, wanted):
            state.refused = state.reason = None
            return
        version, until = self._refused.get(model, (None, 0.0))
        if version == wanted and time.monotonic() < until:
            return
        try:
            self._take(model, wanted)
        except CountlabError as error:
            if error.code == "tracking_away":
                raise
            self._refuse(model, wanted, error)

    def _take(self, model: Followed, wanted: Version) -> None:
        folder = self._registry.download(wanted, self._models)
        self._check(folder)
        before = self._states[model].version
        link(self._models, model.link, folder)
        self._states[model] = State(wanted.number, time.time())
        self._refused.pop(model, None)
        log.warning("%s: version %s (before: %s)", model.link, wanted.number, before or "none")
        prune(self._models, model.name, [each.link for each in self._followed])

    def _check(self, folder: Path) -> None:
        """Opened in a process of its own, and its kept pictures asked; once for each engine."""
        mark = folder / f"{_CHECKED}{self._engine}"
        if mark.exists():
            return
        model = read_entry(folder / "model.toml", "own")
        probe_model(self._engine, model, Store().files(model), checks=True)
        mark.touch()

    def _refuse(self, model: Followed, wanted: Version, error: CountlabError) -> None:
        state = self._states[model]
        state.refused = wanted.number
        state.reason = {language: " ".join(error.text(language)) for language in LANGUAGES}
        self._refused[model] = wanted, time.monotonic() + _RETRY_S
        log.error("%s stays at version %s: %s", model.link, state.version or "none", error)

    def _away(self, model: Followed, error: CountlabError) -> None:
        state = self._states[model]
        if state.registry == "ok":
            log.warning("%s stays at version %s: %s", model.link, state.version or "none", error)
        state.registry = "away"

    def _is_linked(self, model: Followed, wanted: Version) -> bool:
        sealed = linked(self._models, model.link)
        return sealed == wanted.sealed

    def _state_on_disk(self, model: Followed) -> State:
        sealed = linked(self._models, model.link)
        return State(sealed.number if sealed else None, time.time())
