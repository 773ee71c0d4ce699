"""Which files the store fetches, refuses or leaves alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model, read_catalog
from countlab.models.store import Store
from tests.models.conftest import CONTENT, OTHER_CONTENT, FileServer, served_at


def test_asking_for_files_fetches_what_is_missing_once(
    model: Model, file_server: FileServer
) -> None:
    store, model = Store(), served_at(model, file_server, "complete")
    assert not store.has(model)
    assert store.files(model) == store.files(model)
    assert store.has(model)
    assert len(file_server.requests) == 1


def test_a_failure_is_remembered_instead_of_asking_again(
    model: Model, file_server: FileServer
) -> None:
    store, model = Store(), served_at(model, file_server, "forbidden")
    for _ in range(3):
        with pytest.raises(CountlabError, match="403"):
            store.files(model)
    assert len(file_server.requests) == 1


def test_a_person_can_fetch_again_at_once(model: Model, file_server: FileServer) -> None:
    store = Store()
    with pytest.raises(CountlabError):
        store.files(served_at(model, file_server, "forbidden"))
    store.fetch(served_at(model, file_server, "complete"))
    assert store.files(served_at(model, file_server, "complete"))["weights"].read_bytes() == CONTENT


def test_a_damaged_file_is_refused_and_replaced_only_when_asked(
    model: Model, file_server: FileServer
) -> None:
    store, model = Store(), served_at(model, file_server, "complete")
    path = model.folder / "some.weights"
    path.parent.mkdir(parents=True)
    path.write_bytes(OTHER_CONTENT)
    assert store.damaged(model) == [path]
    with pytest.raises(CountlabError) as failure:
        store.files(model)
    assert failure.value.code == "model_damaged"
    assert path.read_bytes() == OTHER_CONTENT
    store.fetch(model)
    assert store.files(model)["weights"].read_bytes() == CONTENT


@pytest.mark.parametrize("origin", ["own", "built-in"])
def test_own_and_built_in_models_are_never_fetched(
    model: Model, file_server: FileServer, origin: str
) -> None:
    other = replace(served_at(model, file_server, "complete"), origin=origin)  # type: ignore[arg-type]
    for attempt in (Store().files, Store().fetch):
        with pytest.raises(CountlabError) as failure:
            attempt(other)
        assert failure.value.code == "model_not_here"
    assert file_server.requests == []


def test_two_processes_bring_one_file_with_one_download(
    model: Model, file_server: FileServer
) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from countlab.models.catalog import Model, ModelFile, read_catalog\n"
        "from countlab.models.store import Store\n"
        "folder, sha256, address = Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
        f"file = ModelFile('some.weights', {len(CONTENT)}, sha256, (address,))\n"
        "model = Model('some', '', 'detect', (1, 1), folder, 0.3, '', 'published', folder,\n"
        "              {'weights': file})\n"
        "print(Store().fetch(model)['weights'].stat().st_size)\n"
    )
    arguments = [str(model.folder), hashlib.sha256(CONTENT).hexdigest(), f"{file_server.url}/slow"]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    sizes = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert sizes == [str(len(CONTENT)).encode()] * 2
    assert (model.folder / "some.weights").read_bytes() == CONTENT
    assert len(file_server.requests) == 1


def test_the_published_description_fits_the_real_files(home: Path, shared_data: Path) -> None:
    model = read_catalog(home / "models").find("yolo-fastest-xl")
    model.folder.mkdir(parents=True)
    for file in model.files.values():
        source = shared_data / "models" / "yolo-fastest" / file.name
        (model.folder / file.name).write_bytes(source.read_bytes())
    assert Store().has(model)
    assert set(Store().files(model)) == {"config", "weights"}


def test_every_published_file_has_a_sha256_and_several_addresses(home: Path) -> None:
    for model in read_catalog(home / "models").models.values():
        if model.origin == "published":
            for file in model.files.values():
                assert file.sha256
                assert len(file.sha256) == 64
                assert len(set(file.addresses)) > 1
