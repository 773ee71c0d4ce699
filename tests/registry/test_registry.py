"""Versions, aliases, rollback, and files that are damaged on the way: a real MLflow store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.models.registered_version import Version
from countlab.models.registry import Registry
from countlab.models.version_folder import link, linked, prune
from countlab.options import PredictOptions
from countlab.settings import Settings
from tests.registry.conftest import Publish, digit_pictures


def test_a_published_model_comes_back_as_it_was(
    publish: Publish, registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    data = digit_pictures(tmp_path / "digits", each=1)
    version = publish(data=data)
    assert (version.number, version.tags["countlab.task"]) == ("1", "classify")
    assert registry.versions("numbers")[0].aliases == ("candidate",)
    folder = registry.download(version, settings.models_folder)
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"model.toml", "graph.onnx", "profile.json", "checks.zip"} <= names
    link(settings.models_folder, "numbers", folder)
    prediction = Pipeline(settings).predict(
        next((data / "3").iterdir()).read_bytes(), PredictOptions(model="numbers")
    )
    assert next(iter(prediction.probabilities)) == "3"
    assert prediction.receipt["model_version"] == "1"


def test_rollback_brings_back_the_champion_before(publish: Publish, registry: Registry) -> None:
    versions = [publish(noise=noise) for noise in (0.0, 0.01, 0.02)]
    for version in versions:
        registry.promote(version)
    assert registry.roll_back("numbers").number == "2"
    assert registry.roll_back("numbers").number == "1"
    with pytest.raises(CountlabError) as error:
        registry.roll_back("numbers")
    assert error.value.code == "no_champion_before"
    champion = registry.at("numbers", "champion")
    assert champion is not None
    assert champion.number == "1"
    registry.promote(versions[2])
    assert registry.champions("numbers") == ["1", "3"]


def test_what_is_not_there_is_said(registry: Registry, publish: Publish) -> None:
    assert registry.versions("nothing") == []
    assert registry.at("nothing", "champion") is None
    with pytest.raises(CountlabError) as error:
        registry.roll_back("nothing")
    assert error.value.code == "no_champion_before"
    publish()
    with pytest.raises(CountlabError) as error:
        registry.version("numbers", "7")
    assert error.value.facts["known"] == ["1"]


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "manifest"])
def test_a_damaged_version_is_refused(
    publish: Publish, registry: Registry, settings: Settings, damage: str
) -> None:
    version = publish()
    (graph,) = (settings.home / "mlflow" / "artifacts").rglob("graph.onnx")
    data = graph.read_bytes()
    if damage == "missing":
        graph.unlink()
    elif damage == "manifest":
        manifest = graph.with_name("manifest.json")
        manifest.write_text(manifest.read_text().replace("graph.onnx", "other.onnx"))
    else:
        graph.write_bytes(data[:-1] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CountlabError) as error:
        registry.download(version, settings.models_folder)
    assert error.value.code == "version_damaged"
    assert list((settings.models_folder / ".versions" / "numbers").iterdir()) == []
    graph.write_bytes(data)
    if damage != "manifest":
        assert registry.download(version, settings.models_folder).is_dir()


def test_old_versions_go_but_those_that_are_linked_stay(
    publish: Publish, registry: Registry, settings: Settings
) -> None:
    models = settings.models_folder
    for number in range(7):
        folder = registry.download(publish(noise=number / 1000), models)
        link(models, "numbers" if number else "numbers@candidate", folder)
    prune(models, "numbers", ["numbers", "numbers@candidate"])
    kept = {path.name.partition("-")[0] for path in (models / ".versions" / "numbers").iterdir()}
    assert kept == {"1", "3", "4", "5", "6", "7"}


def test_a_folder_of_ones_own_is_never_replaced(settings: Settings, tmp_path: Path) -> None:
    own = settings.models_folder / "numbers"
    own.mkdir(parents=True)
    with pytest.raises(CountlabError) as error:
        link(settings.models_folder, "numbers", tmp_path)
    assert error.value.code == "own_folder_in_the_way"
    assert linked(settings.models_folder, "numbers") is None


def test_a_store_that_is_away_is_said_within_seconds(home: Path) -> None:
    pytest.importorskip("mlflow")
    away = Registry(Settings(home=home, tracking="http://127.0.0.1:9"))
    with pytest.raises(CountlabError) as error:
        away.at("numbers", "champion")
    assert error.value.code == "tracking_away"


def test_an_address_with_a_password_is_not_shown() -> None:
    from countlab.models.mlflow_store import hide_password

    assert hide_password("postgresql://lab:secret@db:5432/x") == "postgresql://db:5432/x"
    assert hide_password("mlflow.sqlite") == "mlflow.sqlite"


def test_two_versions_of_one_run_keep_their_own_files(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    versions: list[Version] = []
    for text in ("one", "two"):
        folder = tmp_path / text
        folder.mkdir()
        (folder / "model.toml").write_text(text)
        run_id = versions[0].run_id if versions else ""
        versions.append(
            registry.publish("numbers", folder, task="classify", tags={"countlab.run_id": run_id})
        )
    assert versions[0].run_id == versions[1].run_id
    for version, text in zip(versions, ("one", "two"), strict=True):
        folder = registry.download(version, settings.models_folder)
        assert (folder / "model.toml").read_text() == text


def test_only_listed_files_are_taken_from_the_store(
    registry: Registry, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "version"
    (folder / "more").mkdir(parents=True)
    for name in ("model.toml", "more/notes.txt"):
        (folder / name).write_text(name)
    version = registry.publish("numbers", folder, task="classify", tags={})
    (manifest,) = (settings.home / "mlflow" / "artifacts").rglob("manifest.json")
    (manifest.parent / "counting-error-f32.json").write_text("{}")
    (manifest.parent / "added").mkdir()
    (manifest.parent / "added" / "later.txt").write_text("later")
    (manifest.parent / "more" / "later.txt").write_text("later")
    place = registry.download(version, settings.models_folder)
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert files == {"manifest.json", "version.json", "model.toml", "more/notes.txt"}


@pytest.mark.parametrize(
    "manifest",
    ['{"files": {"../../../../../outside": {"bytes": 2, "sha256": "00"}}}', '{"files": 3}', "[]"],
)
def test_a_manifest_that_was_sealed_and_lists_nonsense_is_refused(
    registry: Registry, settings: Settings, tmp_path: Path, manifest: str
) -> None:
    folder = tmp_path / "version"
    folder.mkdir()
    (folder / "model.toml").write_text("")
    version = registry.publish("numbers", folder, task="classify", tags={})
    (stored,) = (settings.home / "mlflow" / "artifacts").rglob("manifest.json")
    stored.write_text(manifest)
    sealed = hashlib.sha256(manifest.encode()).hexdigest()
    with pytest.raises(CountlabError) as error:
        registry.download(replace(version, manifest=sealed), settings.models_folder)
    assert error.value.code == "version_damaged"


def bare_versions(registry: Registry, folder: Path, number: int) -> list[Version]:
    folder.mkdir()
    (folder / "model.toml").write_text("")
    return [registry.publish("numbers", folder, task="classify", tags={}) for _ in range(number)]


def champion_of(registry: Registry) -> str | None:
    champion = registry.at("numbers", "champion")
    return champion.number if champion else None


def test_of_two_promotions_at_once_the_second_is_told(registry: Registry, tmp_path: Path) -> None:
    one, two, three = bare_versions(registry, tmp_path / "version", 3)
    registry.promote(one, instead_of=None)
    registry.promote(two, instead_of=one)
    for before in (one, None):
        with pytest.raises(CountlabError) as error:  # judged while `one`, or none, was champion
            registry.promote(three, instead_of=before)
        assert (error.value.code, error.value.facts["now"]) == ("champion_changed", "2")
    assert champion_of(registry) == "2"


def test_rollback_knows_an_alias_that_was_moved_by_hand(registry: Registry, tmp_path: Path) -> None:
    one, two, three = bare_versions(registry, tmp_path / "version", 3)
    client = registry.store.client
    registry.promote(one)
    registry.promote(two)
    client.set_registered_model_alias("numbers", "champion", three.number)
    assert registry.roll_back("numbers").number == "2"
    registry.promote(three)
    client.set_registered_model_alias("numbers", "champion", two.number)
    assert registry.roll_back("numbers").number == "1"


def test_rollback_passes_over_a_version_that_was_deleted(
    registry: Registry, tmp_path: Path
) -> None:
    versions = bare_versions(registry, tmp_path / "version", 3)
    for version in versions:
        registry.promote(version)
    registry.store.client.delete_model_version("numbers", "2")
    assert registry.roll_back("numbers").number == "1"
    registry.promote(versions[2])
    registry.store.client.delete_model_version("numbers", "3")  # the champion itself
    assert champion_of(registry) is None
    assert registry.roll_back("numbers").number == "1"


def test_a_registry_that_goes_away_amid_a_promotion_leaves_a_way_back(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = bare_versions(registry, tmp_path / "version", 2)
    registry.promote(one)

    def away(*_: object) -> None:
        raise ConnectionError("cut")

    with monkeypatch.context() as patch:
        patch.setattr(registry.store.client, "set_registered_model_tag", away)
        with pytest.raises(CountlabError) as error:  # the alias has moved, its history has not
            registry.promote(two)
    assert (error.value.code, champion_of(registry)) == ("tracking_away", "2")
    assert registry.roll_back("numbers").number == "1"
    registry.promote(two)
    assert registry.champions("numbers") == ["1", "2"]
