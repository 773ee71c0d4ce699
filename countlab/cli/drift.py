"""The command `drift`: a model's answers from day to day, against its profile."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countlab.cli.terminal import note, stdout_console
from countlab.cli.texts import say, words
from countlab.errors import CountlabError
from countlab.settings import Settings, terminal_language

if TYPE_CHECKING:
    from countlab.monitoring.drift import Drift, Judged


def drift(
    model: Annotated[str | None, typer.Argument(help=say("drift_model"))] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help=say("drift_days"))] = 30,
    json: Annotated[bool, typer.Option("--json", help=say("drift_json"))] = False,
    html: Annotated[Path | None, typer.Option(help=say("drift_html"))] = None,
) -> None:
    """Hold a model's answers of each day against how it answered at first."""
    from countlab.models.answer_profile import read_profile
    from countlab.models.catalog import read_catalog
    from countlab.monitoring.daily import daily
    from countlab.monitoring.drift import judge_days

    settings = Settings.from_environment()
    found = read_catalog(settings.models_folder).find(model or settings.default_model)
    summed = daily(_rows(found.name, days, settings))
    if not summed:
        note(say("drift_nothing", model=found.name, days=days))
        return
    judged = judge_days(found.name, summed, read_profile(found.folder))
    if html:
        _write_page(html, judged)
    if json:
        print(json_module.dumps(judged.as_json(), indent=1, ensure_ascii=False))
    else:
        _print(judged)
    raise typer.Exit(1 if judged.alarms else 0)


def _rows(model: str, days: int, settings: Settings) -> Iterator[dict[str, Any]]:
    from sqlalchemy.exc import SQLAlchemyError

    from countlab.history import Database, HistoryFilter, find_pages

    since = datetime.now(timezone.utc) - timedelta(days=days)
    database = Database.from_settings(settings)
    try:
        database.prepare()
        for page in find_pages(database.engine, HistoryFilter(since=since, model=model)):
            yield from page
    except (SQLAlchemyError, OSError) as reason:
        raise CountlabError("history_away") from reason
    finally:
        database.close()


def _print(drift: Drift) -> None:
    from rich.table import Table

    table = Table(*words("drift_columns"), box=None, pad_edge=False)
    for column in table.columns[1:6]:
        column.justify = "right"
    for judged in drift.days:
        table.add_row(*_cells(judged), style="bold red" if judged.alarms else "")
    stdout_console().print(table)
    reference = drift.reference
    note(say("drift_reference", measured_on=reference.measured_on, pictures=reference.pictures))


def _cells(judged: Judged) -> list[str]:
    day = judged.day
    sure = "" if day.mean_confidence is None else f"{day.mean_confidence:.2f}"
    names = dict(zip(("labels", "confidences", "unfamiliar"), words("drift_alarms"), strict=True))
    return [
        day.day.isoformat(),
        f"{day.answers.pictures:,}",
        f"{judged.labels:.2f}",
        sure,
        f"{judged.confidences:.2f}",
        f"{judged.unfamiliar:.0%}",
        ", ".join(names[alarm] for alarm in judged.alarms),
        ", ".join(day.versions),
    ]


def _write_page(path: Path, drift: Drift) -> None:
    from countlab.monitoring.page import drift_page

    try:
        path.write_text(drift_page(drift, language=terminal_language()), encoding="utf-8")
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    note(say("evaluate_page", path=path))
