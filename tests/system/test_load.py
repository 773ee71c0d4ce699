"""Inference load of this process."""

from __future__ import annotations

import pytest

from countlab.system import load
from countlab.system.load import inference_running, is_concurrent


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_concurrent_until", 0.0)


def test_a_lone_inference_is_not_concurrent() -> None:
    with inference_running():
        assert not is_concurrent()


def test_concurrency_lasts_a_little_longer_than_the_inferences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with inference_running(), inference_running():
        assert is_concurrent()
    assert is_concurrent()
    monkeypatch.setattr(load, "_HOLD_S", -1.0)
    with inference_running(), inference_running():
        assert not is_concurrent()
