"""The labs as services: a classic Flask service beside `countlab serve --lab`, one lab at a time.

Pictures are sent as the labs' clients send them. An answer is wrong if class or probabilities
differ from those that the same server gave to the same picture alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from benchmarks import report
from benchmarks.comparison import class_agreement
from benchmarks.models import BenchmarkModel
from benchmarks.peers import flask_servers
from benchmarks.pictures import request_pictures
from benchmarks.rounds import Plan, Question, ServerResult, measure_side_by_side
from benchmarks.servers import lab_server
from countlab.imaging.picture import read_picture
from countlab.models.lab_answer import LabAnswer

GOALS = {"digits": 400, "weather": 120, "catsdogs": None}
"""Pictures a second on two AVX-512 cores with eight clients."""
PLAN = Plan(rounds=5, seconds=1.5, answers=("json",))
_SIZE = 640, 480


def measure(
    model_named: Callable[[str], BenchmarkModel],
    *,
    console: Console,
    progress: Callable[[str], None],
    plan: Plan = PLAN,
) -> dict[str, Any]:
    results = {}
    for name, goal in GOALS.items():
        model = model_named(name)
        servers = [*flask_servers(model), lab_server(model)]
        if len(servers) == 1:
            console.print("\nThe classic services are not installed and left out: make bench.")
        pictures = digit_pictures() if name == "digits" else photographs()
        question = Question(pictures, partial(classes, names=_names(model)), class_agreement)
        found = measure_side_by_side(servers, plan, progress, question)
        report.print_results(console, f"{name} ({len(pictures)} pictures)", found, plan)
        console.print(_line(name, found[-1], max(plan.clients), goal))
        results[name] = report.as_dicts(found)
    return results


def classes(body: bytes, *, names: LabAnswer) -> tuple[str, Any]:
    """The class and the probabilities of an answer, whatever the service calls them."""
    answer = json.loads(body)
    label = answer.get(names.class_name, answer.get("class"))
    return str(label), answer.get(names.probabilities, answer.get("probabilities"))


def photographs() -> tuple[bytes, ...]:
    """JPEGs of 640 × 480, as pages and telephones shrink them before they send them."""
    decoded = (read_picture(p, max_bytes=10**8, max_pixels=10**8) for p in request_pictures())
    resized = (cv2.resize(p.pixels, _SIZE, interpolation=cv2.INTER_AREA) for p in decoded)
    return tuple(bytes(cv2.imencode(".jpg", pixels)[1]) for pixels in resized)


def digit_pictures() -> tuple[bytes, ...]:
    """White on black, 28 × 28, PNG: as MNIST's readers are fed."""
    pictures = []
    for digit in range(10):
        pixels = np.zeros((28, 28), np.uint8)
        place, size, width = (7, 22), 0.8, 2
        cv2.putText(pixels, str(digit), place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, width)
        pictures.append(bytes(cv2.imencode(".png", pixels)[1]))
    return tuple(pictures)


def _names(model: BenchmarkModel) -> LabAnswer:
    return model.model.answer or LabAnswer()


def _line(name: str, result: ServerResult, clients: int, goal: int | None) -> str:
    rate = result.median_of("per_second", "json", clients)
    cpu_ms = result.median_of("cpu_ms", "json", clients)
    stated = f" (goal on two AVX-512 cores: {goal})" if goal else ""
    return (
        f"{name}: {rate:.0f} pictures a second with {clients} clients{stated}, "
        f"{cpu_ms:.1f} ms of processor time each, {result.wrong} wrong, {result.failed} failed"
    )
