"""Checks of the installed libraries."""

from __future__ import annotations

import sys

import pytest

from countlab.system import versions
from countlab.system.versions import Check, check_libraries


def codes(checks: list[Check]) -> list[tuple[str, bool]]:
    return [(check.message.code, check.passed) for check in checks]


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ({"opencv-python-headless": "4.14.0.94"}, []),
        ({"opencv-python-headless": "5.0.0.1"}, [("opencv_new", False)]),
        (
            {"opencv-python-headless": "4.14.0.94", "opencv-python": "4.14.0.94"},
            [("opencv_twice", False)],
        ),
    ],
)
def test_clashing_and_unsupported_opencv_builds_are_reported(
    installed: dict[str, str], expected: list[tuple[str, bool]]
) -> None:
    assert codes(list(versions._check_opencv(installed))) == expected


def test_missing_and_different_libraries_are_reported_with_the_command() -> None:
    installed = {"numpy": "1.26.4", "fastapi": "0.1"}
    pins = ["numpy==2.4.6", "fastapi==0.1", "cvlib==0.2.7", 'old==1; python_version < "3.11"']
    checks = list(versions._check_pins(pins, installed.get))
    expected = [("library_other", False), ("library_missing", False)]
    if sys.version_info < (3, 11):
        expected.append(("library_missing", False))
    assert codes(checks) == expected
    assert 'pip install "cvlib==0.2.7"' in checks[1].message.text("es").fix


def test_installed_pins_give_one_passed_check() -> None:
    pins = ["psycopg[binary]==3", "numpy==2"]
    checks = list(versions._check_pins(pins, {"psycopg": "3", "numpy": "2"}.get))
    assert codes(checks) == [("libraries_good", True)]
    assert checks[0].message.facts == {"number": 2}


def test_the_test_environment_itself_passes() -> None:
    assert all(check.passed for check in check_libraries())
