"""What /openapi.json says is what happens: for generated queries and real pictures."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import ROOT
from tests.promises.hostile import pictures as bad
from tests.promises.hostile.conftest import Running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PHOTO = (ROOT / "images" / "oranges_2.jpg").read_bytes()
BODIES = [PHOTO, *bad.WHOLE.values(), bad.half("JPEG"), b"", b"no picture", bad.png(12_000, 12_000)]


REAL = {
    "model": "fruits",
    "name": "fruits",
    "engine": "openvino",
    "object": "orange",
    "plural": "Oranges",
    "nms": 0.5,
}


def send_picture(case: Any, picture: bytes) -> None:
    """What a schema calls a file is any bytes; a picture gets past the first look at them."""
    for name in case.body if isinstance(case.body, dict) else ():
        if name in ("file", "files"):
            case.body[name] = picture if name == "file" else [picture, PHOTO]


def make_real(case: Any) -> None:
    """Else nearly all would end at a model that does not exist or a field that is not known."""
    for asked in (case.query, case.path_parameters):
        asked.update({name: REAL[name] for name in asked or () if name in REAL})
    if isinstance(case.body, dict) and case.media_type == "multipart/form-data":
        case.body = {name: case.body[name] for name in case.body if name in ("file", "files")}


def operations(server: Running) -> list[Any]:
    schema: Any = schemathesis.openapi.from_url(server.url + "/openapi.json")
    return [result.ok() for result in schema.get_all_operations()]


def test_every_answer_is_one_that_is_described(running: Running) -> None:
    found = operations(running)
    assert len(found) >= 10
    statuses: set[int] = set()
    for operation in found:

        @seed(20261120)
        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(), picture=some.sampled_from(BODIES), real=some.booleans()
        )
        def ask(case: Any, picture: bytes, real: bool) -> None:
            send_picture(case, picture)
            if real:
                make_real(case)
            answer = case.call(timeout=60)
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        ask()
    assert {200, 404, 415, 422} <= statuses, statuses


@pytest.mark.parametrize(
    "status", ["400", "401", "403", "404", "408", "413", "415", "422", "429", "431", "503"]
)
def test_every_refusal_is_described_everywhere(running: Running, status: str) -> None:
    for operation in operations(running):
        assert status in operation.definition.raw["responses"], operation.label
