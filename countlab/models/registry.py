"""The registry of models: numbered versions of a name, and aliases such as `champion`.

Holds whole model folders as MLflow keeps them. What a version is worth is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from countlab.errors import CountlabError
from countlab.models.followed import CANDIDATE, CHAMPION
from countlab.models.mlflow_store import MlflowStore, away, is_absent, open_store
from countlab.models.registered_version import MANIFEST_TAG, Version, version_of
from countlab.models.stored_files import fetch
from countlab.models.version_folder import PART, check_seal, finish, folder_of, seal
from countlab.settings import Settings

_CHAMPIONS, _TASK = "countlab.champions", "countlab.task"
_REMEMBERED = 50  # champions


class Registry:
    """Answers within seconds or says that it is away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: MlflowStore | None = None

    @property
    def store(self) -> MlflowStore:
        if self._store is None:
            self._store = open_store(self._settings)
        return self._store

    def publish(self, name: str, folder: Path, *, task: str, tags: Mapping[str, str]) -> Version:
        """A folder that is complete becomes the next version, and the candidate."""
        manifest = seal(folder)
        with self._asking():
            client = self.store.client
            experiment = self.store.experiment(name)
            run_id = tags.get("countlab.run_id") or self._run(experiment, name)
            place = f"model-{manifest[:16]}"  # a run may be published again, with other files
            client.log_artifacts(run_id, str(folder), place)
            source = f"{client.get_run(run_id).info.artifact_uri}/{place}"
            with _unless_there():
                client.create_registered_model(name)
            marked = {**tags, MANIFEST_TAG: manifest, _TASK: task}
            made = client.create_model_version(name, source, run_id=run_id, tags=marked)
            client.set_registered_model_alias(name, CANDIDATE, made.version)
        return self.version(name, str(made.version))

    def _run(self, experiment: str, name: str) -> str:
        """A run of its own, for a model that was not tracked while it was trained."""
        client = self.store.client
        run = client.create_run(experiment, run_name=f"publish {name}")
        client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def version(self, name: str, number: str) -> Version:
        try:
            with self._asking():
                return version_of(self.store.client.get_model_version(name, number))
        except _AbsentError:
            known = [version.number for version in self.versions(name)]
            raise CountlabError(
                "no_such_version", model=name, arrived=number, known=known
            ) from None

    def versions(self, name: str) -> list[Version]:
        """The newest first; empty for a name that was never published."""
        with self._asking():
            found = self.store.client.search_model_versions(f"name = '{name}'")
            aliases = self._aliases(name)
        versions = [version_of(one, aliases) for one in found]
        return sorted(versions, key=lambda version: -int(version.number))

    def names(self) -> list[str]:
        with self._asking():
            return sorted(model.name for model in self.store.client.search_registered_models())

    def at(self, name: str, alias: str) -> Version | None:
        """The version that an alias stands for; None if it stands for none."""
        try:
            with self._asking():
                return version_of(self.store.client.get_model_version_by_alias(name, alias))
        except _AbsentError:
            return None

    def promote(
        self, version: Version, *, instead_of: Version | Literal["any"] | None = "any"
    ) -> None:
        """Makes a version the champion, unless another than `instead_of` is it by now."""
        present = _number(self.at(version.name, CHAMPION))
        if instead_of != "any" and present != _number(instead_of):
            raise CountlabError(
                "champion_changed",
                model=version.name,
                before=_number(instead_of) or "-",
                now=present or "-",
            )
        earlier = [*self._before(version.name, present), *([present] if present else [])]
        self._point(version, [number for number in earlier if number != version.number])

    def roll_back(self, name: str) -> Version:
        """The champion before becomes it again; one that was deleted since is passed over."""
        before = self._before(name, _number(self.at(name, CHAMPION)))
        there = {version.number: version for version in self.versions(name)} if before else {}
        while before:
            number = before.pop()
            if number in there:
                self._point(there[number], before)
                return there[number]
        raise CountlabError("no_champion_before", model=name)

    def _before(self, name: str, present: str | None) -> list[str]:
        """The champions before the present one, though the alias was moved by another hand."""
        champions = self.champions(name)
        return champions[: champions.index(present)] if present in champions else champions

    def champions(self, name: str) -> list[str]:
        """The numbers of those that were champion, the present one last."""
        try:
            with self._asking():
                tags = self.store.client.get_registered_model(name).tags
        except _AbsentError:
            return []
        return [number for number in tags.get(_CHAMPIONS, "").split(",") if number]

    def _point(self, version: Version, before: list[str]) -> None:
        """The alias first: it is what servers follow."""
        with self._asking():
            client = self.store.client
            client.set_registered_model_alias(version.name, CHAMPION, version.number)
            value = ",".join([*before, version.number][-_REMEMBERED:])
            client.set_registered_model_tag(version.name, _CHAMPIONS, value)

    def download(self, version: Version, models: Path) -> Path:
        """The version's folder below `models`, whole and as it was sealed."""
        place = folder_of(models, version.name, version.number, version.manifest)
        with contextlib.suppress(CountlabError):
            check_seal(place, version.manifest)
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=PART, dir=place.parent))
        try:
            with self._asking():
                fetch(version.source, part / "got", version.manifest, self.store.address)
            finish(part / "got", place, version.sealed)
        except (OSError, _AbsentError) as reason:
            raise _damaged(version, reason.__cause__ or reason) from reason
        except CountlabError as error:
            raise error if error.code == "tracking_away" else _damaged(version, error) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return place

    def _aliases(self, name: str) -> dict[str, list[str]]:
        try:
            found = self.store.client.get_registered_model(name).aliases
        except Exception as reason:
            if is_absent(reason):
                return {}
            raise
        aliases: dict[str, list[str]] = {}
        for alias, number in found.items():
            aliases.setdefault(str(number), []).append(alias)
        return aliases

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (CountlabError, _AbsentError, ModuleNotFoundError):
            raise  # of a library that is missing, the error names the extra
        except Exception as reason:  # of MLflow, of databases, of stores of files
            if is_absent(reason):
                raise _AbsentError from reason
            raise away(self._settings.tracking or "mlflow.sqlite", reason) from reason


def _number(version: Version | None) -> str | None:
    return version.number if version else None


def _damaged(version: Version, reason: BaseException) -> CountlabError:
    return CountlabError(
        "version_damaged", model=version.name, version=version.number, reason=reason
    )


class _AbsentError(Exception):
    """There is no such name, number or alias."""


@contextlib.contextmanager
def _unless_there() -> Iterator[None]:
    try:
        yield
    except Exception as reason:
        if getattr(reason, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
            raise
