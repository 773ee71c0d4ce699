"""What `evaluate` makes of its figures: tables, JSON, a page, a saved error, a gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.comparison import Increase
    from countlab.evaluation.summary import EvaluationSummary


def print_json(folder: Path, judged: list[EvaluationSummary], increase: Increase | None) -> None:
    document: dict[str, Any] = {"folder": str(folder), "results": [one.as_json() for one in judged]}
    if increase:
        document["against"] = increase.as_json()
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_tables(judged: list[EvaluationSummary]) -> None:
    from countlab.cli.evaluation_tables import details_of, summary_of

    console = stdout_console()
    for table in summary_of(judged):
        console.print(table)
    console.print(
        f"[dim]Counted above confidence {judged[0].confidence:g}; mean error, bias and rms in "
        "objects;\n[dim]below each figure its 95 % interval over pictures."
    )
    for one in judged:
        if len(judged) > 1:
            console.print(f"\n[bold]{one.name}")
        for table in details_of(one):
            console.print()
            console.print(table)


def write_page(
    path: Path, folder: Path, judged: list[EvaluationSummary], increase: Increase | None
) -> None:
    from countlab.evaluation.report import render_report

    try:
        path.write_text(
            render_report(judged, folder=folder.name, increase=increase), encoding="utf-8"
        )
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    stderr_console().print(f"\nThe page: {path}", soft_wrap=True)


def save_error(judged: EvaluationSummary, measured_on: str, settings: Settings) -> None:
    from countlab.evaluation.calibration import calibrate, coverage
    from countlab.evaluation.run import CONFIDENCES
    from countlab.models.error_profile import save_error_profile

    measured = judged.run
    error = calibrate(measured, measured_on=measured_on)
    path = save_error_profile(error, measured.model, settings.home)
    near = min(CONFIDENCES, key=lambda step: abs(step - judged.confidence))
    tried = coverage(measured, confidence=near, min_count=1)
    stderr_console().print(
        f"\nThe measured error of {measured.model.name} is in {path}: counts now say what is "
        "likely (a server that runs, after a new start).\nTried on pictures that had no part in "
        f"it, at {near:g}: of {tried.answers} answers that counted something, "
        f"{tried.with_interval} have a likely range, and {tried.covered} of these ranges hold the "
        f"true count ({tried.share:.0%}).",
        soft_wrap=True,
    )


def tell_increase(found: Increase, bound: float, strict: bool) -> bool:
    """What was compared with what, in words; true when the gate closes."""
    worse = found.exceeds(bound, strict=strict)
    end, value = ("upper", found.high) if strict else ("lower", found.low)
    verdict = "[red]✗ worse" if worse else "[green]✓"
    stderr_console().print(
        f"\nMean absolute error against {found.other}: {found.value:+.3f} objects "
        f"(90 % of paired draws: {found.low:+.3f} to {found.high:+.3f}; {found.rows} rows in "
        f"{found.pictures} pictures).\n{verdict}[/] The {end} end, {value:+.3f}, is "
        f"{'above' if worse else 'not above'} {bound:+.3f}.",
        soft_wrap=True,
    )
    return worse
