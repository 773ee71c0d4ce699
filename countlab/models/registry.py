"""The registry of models: numbered versions of a name, and aliases such as `champion`.

Holds whole model folders as MLflow keeps them. What a version is worth is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.followed import CANDIDATE, CHAMPION
from countlab.models.mlflow_store import MlflowStore, away, is_absent, open_store
from countlab.models.registered_version import MANIFEST_TAG, Version, version_of
from countlab.models.version_folder import PART, check_seal, finish, folder_of, seal
from countlab.settings import Settings

_CHAMPIONS, _TASK = "countlab.champions", "countlab.task"
_FOLDER = "model"  # of a run's files
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
            client.log_artifacts(run_id, str(folder), _FOLDER)
            source = f"{client.get_run(run_id).info.artifact_uri}/{_FOLDER}"
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

    def promote(self, version: Version) -> None:
        """Makes a version the champion, and remembers the one before."""
        champions = [number for number in self.champions(version.name) if number != version.number]
        self._point(version, [*champions, version.number])

    def roll_back(self, name: str) -> Version:
        """The champion before becomes it again."""
        *before, _ = self.champions(name) or [""]
        if not before:
            raise CountlabError("no_champion_before", model=name)
        version = self.version(name, before[-1])
        self._point(version, before)
        return version

    def champions(self, name: str) -> list[str]:
        """The numbers of those that were champion, the present one last."""
        try:
            with self._asking():
                tags = self.store.client.get_registered_model(name).tags
        except _AbsentError:
            return []
        return [number for number in tags.get(_CHAMPIONS, "").split(",") if number]

    def _point(self, version: Version, champions: list[str]) -> None:
        """The alias first: it is what servers follow."""
        with self._asking():
            client = self.store.client
            client.set_registered_model_alias(version.name, CHAMPION, version.number)
            value = ",".join(champions[-_REMEMBERED:])
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
                self._fetch(version, part / "got")
            try:
                finish(part / "got", place, version.sealed)
            except (CountlabError, OSError, ValueError) as reason:
                raise CountlabError(
                    "version_damaged", model=version.name, version=version.number, reason=reason
                ) from reason
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return place

    def _fetch(self, version: Version, target: Path) -> None:
        from mlflow.artifacts import download_artifacts

        target.mkdir()
        got = download_artifacts(
            artifact_uri=version.source, dst_path=str(target), tracking_uri=self.store.address
        )
        if Path(got).resolve() != target.resolve():  # it puts the last folder's name below
            moved = target.with_name("inner")
            Path(got).rename(moved)
            shutil.rmtree(target)
            moved.rename(target)

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


class _AbsentError(Exception):
    """There is no such name, number or alias."""


@contextlib.contextmanager
def _unless_there() -> Iterator[None]:
    try:
        yield
    except Exception as reason:
        if getattr(reason, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
            raise
