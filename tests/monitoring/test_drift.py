"""Drift: distances against known values, days that must alarm and days that must not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from countlab.errors import CountlabError
from countlab.history import Database, new_row
from countlab.models.answer_profile import Answer, AnswerProfile, profile_of, read_profile
from countlab.monitoring.daily import daily
from countlab.monitoring.distances import (
    chi_squared,
    kolmogorov_smirnov,
    population_stability,
)
from countlab.monitoring.drift import judge_days
from countlab.monitoring.page import drift_page
from countlab.settings import Settings
from tests.conftest import Run

LABELS = ("rain", "shine", "snow")
TODAY = datetime.now(timezone.utc).replace(hour=12)


def answers(
    number: int, *, seed: int, shares: tuple[float, ...] = (0.5, 0.3, 0.2), sure: float = 9.0,
    unfamiliar: float = 0.03,
) -> list[Answer]:  # fmt: skip
    random = np.random.default_rng(seed)
    return [
        Answer(
            {LABELS[int(random.choice(3, p=shares))]: 1},
            float(random.beta(sure, 1.5)),
            bool(random.random() < unfamiliar),
        )
        for _ in range(number)
    ]


def rows(given: list[Answer], day: datetime, model: str = "weather") -> Iterator[dict[str, Any]]:
    for at, answer in enumerate(given):
        row = dict(
            new_row(
                request_id=None, key_name=None, picture_sha256=f"{at:064x}", model=model,
                engine="onnxruntime", precision="f32", parameters={}, object=None,
                count=len(answer.counts), counts=dict(answer.counts), milliseconds={"find": 1.0},
                warnings=["unfamiliar_picture"] if answer.unfamiliar else [],
                receipt={"model_version": "3"}, mean_confidence=answer.confidence,
            )
        )  # fmt: skip
        moment = day + timedelta(seconds=at)
        yield {**row, "time": moment, "id": f"{round(moment.timestamp() * 1e9):016x}{at:016x}"}


def test_distances_are_as_published_tables_have_them() -> None:
    assert chi_squared([10, 20], [20, 10]) == pytest.approx(0.0098, abs=0.002)  # 6.667, 1 degree
    assert chi_squared([10, 20, 30], [30, 20, 10]) == pytest.approx(
        4.54e-5, rel=0.01
    )  # 20, 2 degrees
    assert chi_squared([5, 5], [5, 5]) == pytest.approx(1.0, abs=0.02)
    assert kolmogorov_smirnov([100, 0], [0, 100]) < 1e-6
    assert kolmogorov_smirnov([50, 50], [55, 45]) > 0.5
    far = population_stability([900, 50, 50], [50, 50, 900])
    assert far == pytest.approx(2 * 0.85 * np.log(18), abs=0.01)
    assert population_stability([30, 20, 50], [33, 18, 49]) == 0.0
    assert population_stability([0, 0], [3, 4]) == 0.0


def test_days_like_the_profile_seldom_alarm_and_days_unlike_it_always_do() -> None:
    profile = profile_of(answers(400, seed=1))
    same = [answers(60, seed=seed) for seed in range(100, 300)]
    alarms = [day for day in judged(profile, same) if day]
    assert len(alarms) <= 6  # three distributions at a hundredth each, of 200 days
    for change, name in (
        ({"shares": (0.1, 0.2, 0.7)}, "labels"),
        ({"sure": 2.0}, "confidences"),
        ({"unfamiliar": 0.4}, "unfamiliar"),
    ):
        moved = [answers(60, seed=seed, **change) for seed in range(20)]
        assert all(name in day for day in judged(profile, moved)), name


def judged(profile: AnswerProfile, days: list[list[Answer]]) -> list[tuple[str, ...]]:
    found = daily(row for at, day in enumerate(days) for row in rows(day, TODAY - timedelta(at)))
    return [day.alarms for day in judge_days("weather", found, profile).days]


def test_few_pictures_do_not_alarm() -> None:
    profile = profile_of(answers(400, seed=1))
    assert judged(profile, [answers(20, seed=3, shares=(0.0, 0.0, 1.0))]) == [()]


def test_the_first_week_stands_in_for_a_profile() -> None:
    days = daily(
        row
        for at in range(10)
        for row in rows(answers(50, seed=at), TODAY - timedelta(days=10 - at))
    )
    found = judge_days("weather", days, None)
    assert (len(found.days), found.reference.pictures) == (3, 350)
    with pytest.raises(CountlabError) as error:
        judge_days("weather", days[:7], None)
    assert error.value.code == "no_profile"


@pytest.fixture
def moved(home: Path) -> Settings:
    """A history of ten usual days and one unlike them, of a model with a profile."""
    settings = Settings(home=home)
    database = Database.from_settings(settings)
    home.mkdir(parents=True, exist_ok=True)
    database.prepare()
    for at in range(11):
        change: dict[str, Any] = {"shares": (0.05, 0.05, 0.9)} if at == 0 else {}
        given = answers(60, seed=at, **change)
        database.write(list(rows(given, TODAY - timedelta(days=at), "digits")))
    database.close()
    return settings


def test_the_command_alarms_with_status_1_and_writes_a_page(
    moved: Settings, run: Run, tmp_path: Path
) -> None:
    assert read_profile(moved.models_folder) is None
    page = tmp_path / "drift.html"
    status, out, err = run("drift", "digits", "--html", page)
    assert status == 1
    lines = out.strip().splitlines()
    assert (len(lines), "labels" in lines[-1]) == (5, True)
    assert "PSI" in err
    text = page.read_text()
    assert text.count("<svg") == 4
    assert "The last day alarms" in text
    status, out, _ = run("drift", "digits", "--json")
    assert json.loads(out)["days"][-1]["alarms"] == ["labels"]
    assert json.loads(out)["days"][-1]["versions"] == ["3"]
    assert run("drift", "fruits")[:2] == (0, "")


def test_the_page_speaks_spanish() -> None:
    profile = profile_of(answers(100, seed=1), measured_on="100 fotos")
    days = daily(rows(answers(60, seed=2), TODAY))
    page = drift_page(judge_days("weather", days, profile), language="es")
    assert "¿Sigue viendo lo que conoce?" in page
    assert "imágenes ajenas" in page
