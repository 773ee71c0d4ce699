"""Installed library versions and OpenCV builds, compared with the declared requirements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from countlab.errors import CountlabError
from countlab.extras import EXTRAS

_OPENCV = re.compile(r"opencv[-_](contrib[-_])?python([-_]headless)?", re.IGNORECASE)
_UNSUPPORTED_OPENCV_MAJOR = 5


@dataclass(frozen=True)
class Check:
    """The result of one check, with the message that describes it."""

    passed: bool
    message: CountlabError


def check_libraries() -> Iterator[Check]:
    """Compares the installed libraries with the ranges that this package declares."""
    yield from _check_requirements(metadata.requires("countlab") or [], _installed_version)
    yield from _check_opencv(_installed_opencv())


def _check_requirements(
    declared: list[str], installed_version: Callable[[str], str | None]
) -> Iterator[Check]:
    """A failed check for each requirement that is not met.

    What belongs to an extra may be missing, but not be there in a version outside its range.
    """
    number = failed = 0
    for text in declared:
        requirement = Requirement(text)
        if requirement.name == "countlab":  # an extra that includes another one
            continue
        installed = installed_version(requirement.name)
        required = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if not required and (
            installed is None
            or not any(requirement.marker.evaluate({"extra": extra}) for extra in EXTRAS)  # type: ignore[union-attr]
        ):
            continue
        number += 1
        if installed is None or not requirement.specifier.contains(installed, prereleases=True):
            failed += 1
            code = "library_other" if installed else "library_missing"
            facts = {"name": requirement.name, "range": str(requirement.specifier)}
            yield Check(False, CountlabError(code, found=installed or "", **facts))
    if not failed:
        yield Check(True, CountlabError("libraries_good", number=number))


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
