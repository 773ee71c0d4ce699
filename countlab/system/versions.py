"""Installed library versions and OpenCV builds, compared with the pinned requirements."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from countlab.errors import CountlabError

_OPENCV = re.compile(r"opencv[-_](contrib[-_])?python([-_]headless)?", re.IGNORECASE)
_UNSUPPORTED_OPENCV_MAJOR = 5


@dataclass(frozen=True)
class Check:
    """The result of one check, with the message that describes it."""

    passed: bool
    message: CountlabError


def check_libraries() -> Iterator[Check]:
    """Compares the installed libraries with the versions the lab was tested with."""
    yield from _check_pins(metadata.requires("countlab") or [], _installed_version)
    yield from _check_opencv(_installed_opencv())


def _check_pins(
    requirements: list[str], installed_version: Callable[[str], str | None]
) -> Iterator[Check]:
    """A failed check for each requirement (`name==version; marker`) that is not met."""
    all_met = True
    for requirement in requirements:
        pin, _, marker = requirement.partition(";")
        name, _, version = pin.strip().partition("==")
        if marker and not _marker_applies(marker):
            continue
        installed = installed_version(name.partition("[")[0])  # psycopg[binary] → psycopg
        if installed != version:
            all_met = False
            code = "library_other" if installed else "library_missing"
            facts = {"name": name, "found": installed or "", "version": version}
            yield Check(False, CountlabError(code, **facts))
    if all_met:
        yield Check(True, CountlabError("libraries_good", number=len(requirements)))


def _marker_applies(marker: str) -> bool:
    """Evaluates the only markers that the pins use: Python older or newer than 3.11."""
    return (sys.version_info < (3, 11)) == ("<" in marker)


def _check_opencv(installed: dict[str, str]) -> Iterator[Check]:
    """Failed checks for several builds, which overwrite each other's files, and for OpenCV 5."""
    if len(installed) > 1:
        builds = sorted(installed)
        yield Check(False, CountlabError("opencv_twice", builds=builds, all=" ".join(builds)))
    for name, version in installed.items():
        if int(version.partition(".")[0]) >= _UNSUPPORTED_OPENCV_MAJOR:
            yield Check(False, CountlabError("opencv_new", name=name, version=version))


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _installed_opencv() -> dict[str, str]:
    """The version of each installed OpenCV distribution by its name."""
    versions = {str(dist.metadata["Name"]): dist.version for dist in metadata.distributions()}
    return {name: version for name, version in versions.items() if _OPENCV.fullmatch(name)}
