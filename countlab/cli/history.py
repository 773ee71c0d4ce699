"""The command `history`: what was counted on this machine, as a table, CSV or JSON."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated

import typer

from countlab.cli.formats import chosen_format
from countlab.cli.history_listing import DEFAULT_ROWS, Search, list_history
from countlab.cli.texts import say

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def history(
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMATS, help=say("history_from"))
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMATS, help=say("history_to"))
    ] = None,
    model: Annotated[str | None, typer.Option(help=say("history_model"))] = None,
    object: Annotated[str | None, typer.Option(help=say("history_object"))] = None,
    key: Annotated[str | None, typer.Option(help=say("history_key"))] = None,
    limit: Annotated[int, typer.Option(min=1, help=say("history_limit"))] = DEFAULT_ROWS,
    csv: Annotated[bool, typer.Option("--csv", help=say("history_csv"))] = False,
    json: Annotated[bool, typer.Option("--json", help=say("history_json"))] = False,
    ndjson: Annotated[bool, typer.Option("--ndjson", help=say("count_ndjson"))] = False,
) -> None:
    """List what the server counted, the newest first."""
    format = chosen_format(None, csv=csv, json=json, ndjson=ndjson)
    search = Search(_utc(since), _utc(until), model, object, key)
    list_history(search, limit=limit, format=format)


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=timezone.utc)
