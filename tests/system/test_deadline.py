"""Deadlines and cancellation of running work."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from countlab.errors import CountlabError
from countlab.system.deadline import Deadline, check_deadline


def error_code(deadline: Deadline) -> str | None:
    def run() -> None:
        deadline.activate()
        check_deadline()

    try:
        copy_context().run(run)
    except CountlabError as error:
        return error.code
    return None


def test_work_continues_before_the_deadline() -> None:
    assert error_code(Deadline(60)) is None


def test_work_stops_after_the_deadline() -> None:
    assert error_code(Deadline(0)) == "took_too_long"


def test_work_stops_when_the_client_disconnects() -> None:
    deadline = Deadline(60)
    deadline.client_disconnected = True
    assert error_code(deadline) == "client_left"


def test_without_a_deadline_work_runs_to_its_end() -> None:
    check_deadline()


def test_the_timeout_error_states_the_allowed_time() -> None:
    with pytest.raises(CountlabError) as caught:
        raise Deadline(60).timeout_error()
    assert caught.value.facts == {"seconds": 60}
