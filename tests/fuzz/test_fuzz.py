"""The fuzzing targets on their corpus, and for a minute with changed inputs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fuzz.__main__ import corpus
from fuzz.targets import TARGETS
from tests.conftest import ROOT


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_raises_no_other_error_than_ours(target: str) -> None:
    files = corpus(target)
    assert len(files) >= 2
    for data in files:
        TARGETS[target](data)


@pytest.mark.slow
@pytest.mark.fuzz
def test_a_minute_of_fuzzing_finds_nothing() -> None:
    """In a process of its own, whose memory is limited."""
    seconds = str(60 / len(TARGETS))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "fuzz", "--seconds", seconds],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
