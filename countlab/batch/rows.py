"""The rows of the output: what was counted in one picture, or why it could not be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from countlab.errors import CountlabError
from countlab.inference.prediction import Prediction
from countlab.messages import Language

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
COLUMNS = (
    "path", "picture_sha256", "count", "counts", "likely", "warnings", "findings", "probabilities",
    "width", "height", "milliseconds", "result_sha256", "error", "error_detail",
)  # fmt: skip


def row_of(path: str, prediction: Prediction) -> Row:
    answer = prediction.as_json()
    probabilities = answer.get("probabilities")
    return {
        "path": path,
        "picture_sha256": prediction.picture_sha256,
        "count": answer["count"],
        "counts": list(answer["counts"].items()),
        "likely": answer.get("likely"),
        "warnings": [warning["code"] for warning in answer["warnings"]],
        "findings": answer["findings"],
        "probabilities": None if probabilities is None else list(probabilities.items()),
        "width": answer["width"],
        "height": answer["height"],
        "milliseconds": list(answer["milliseconds"].items()),
        "result_sha256": prediction.receipt["result_sha256"],
    }


def error_row(path: str, error: CountlabError, *, sha256: str, language: Language) -> Row:
    return {
        "path": path,
        "picture_sha256": sha256 or None,
        "error": error.code,
        "error_detail": error.text(language).detail,
    }


def about_run(prediction: Prediction) -> dict[str, Any]:
    """What the receipts of all pictures of a run have in common."""
    own = {"picture_sha256", "result_sha256"}
    return {name: value for name, value in prediction.receipt.items() if name not in own}


def receipt_of(run: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt of one row, as `countlab verify` reads it."""
    own = {name: row[name] for name in ("picture_sha256", "result_sha256")}
    return {**run["receipt"], **own}


def schema() -> pa.Schema:
    import pyarrow as pa

    finding = pa.struct(
        [("label", pa.string()), ("confidence", pa.float64()), ("box", pa.list_(pa.int32()))]
    )
    types = {
        "path": pa.string(),
        "picture_sha256": pa.string(),
        "count": pa.int32(),
        "counts": pa.map_(pa.string(), pa.int32()),
        "likely": pa.list_(pa.int32()),
        "warnings": pa.list_(pa.string()),
        "findings": pa.list_(finding),
        "probabilities": pa.map_(pa.string(), pa.float64()),
        "width": pa.int32(),
        "height": pa.int32(),
        "milliseconds": pa.map_(pa.string(), pa.float64()),
        "result_sha256": pa.string(),
        "error": pa.string(),
        "error_detail": pa.string(),
    }
    return pa.schema([(name, types[name]) for name in COLUMNS])


def shard_bytes(rows: Sequence[Row], facts: Mapping[str, Any]) -> bytes:
    """A Parquet file of these rows; `facts` stand in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    described = schema().with_metadata({"countlab": json.dumps(facts)})
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), described), buffer, compression="zstd")
    return bytes(buffer.getvalue())


def shard_facts(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((metadata or {}).get(b"countlab", b"{}"))
    return found
