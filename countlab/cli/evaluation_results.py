"""What `evaluate` does with its results: tables, JSON, a page, a saved error profile, a gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from countlab.cli.terminal import note, stderr_console, stdout_console
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.comparison import Increase
    from countlab.evaluation.metrics import Row
    from countlab.evaluation.summary import EvaluationSummary


class Summary(Protocol):
    """Of counts or of classes."""

    @property
    def name(self) -> str: ...

    @property
    def rows(self) -> Sequence[Row]: ...

    def as_json(self) -> dict[str, Any]: ...


def print_json(folder: Path, summaries: Sequence[Summary], increase: Increase | None) -> None:
    results = [summary.as_json() for summary in summaries]
    document: dict[str, Any] = {"folder": str(folder), "results": results}
    if increase:
        document["against"] = increase.as_json()
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_tables(summaries: list[EvaluationSummary]) -> None:
    from countlab.cli.evaluation_tables import detail_tables, has_too_few_pictures, summary_tables
    from countlab.evaluation.metrics import PICTURES_FOR_INTERVAL

    console = stdout_console()
    for table in summary_tables(summaries):
        console.print(table)
    legend = say("evaluate_legend", confidence=f"{summaries[0].confidence:g}")
    console.print(legend, style="dim")
    for summary in summaries:
        if len(summaries) > 1:
            console.print(f"\n{summary.name}", style="bold")
        for table in detail_tables(summary):
            console.print()
            console.print(table)
    if any(map(has_too_few_pictures, summaries)):
        console.print(f"\n{say('evaluate_too_few', needed=PICTURES_FOR_INTERVAL)}")


def write_page(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    note("\n" + say("evaluate_page", path=path))


def save_profile(summary: EvaluationSummary, measured_on: str, settings: Settings) -> None:
    """Keeps the measured error with the model, and says how well its ranges hold."""
    from countlab.evaluation.calibration import calibrate, coverage
    from countlab.evaluation.run import CONFIDENCES
    from countlab.models.error_profile import save_error_profile

    profile = calibrate(summary.run, measured_on=measured_on)
    path = save_error_profile(profile, summary.run.model, settings.home)
    near = min(CONFIDENCES, key=lambda step: abs(step - summary.confidence))
    tried = coverage(summary.run, confidence=near, min_count=1)
    note("\n" + say("evaluate_saved", model=summary.run.model.name, path=path))
    note(
        say(
            "evaluate_coverage",
            confidence=f"{near:g}",
            answers=tried.answers,
            with_interval=tried.with_interval,
            covered=tried.covered,
            share=f"{tried.share:.0%}",
        )
    )


def increase_against(
    against: str, mine: Summary, options: PredictOptions, judge: Callable[[PredictOptions], Summary]
) -> Increase:
    """`against` is a saved result, `engine:NAME`, or another model, which `judge` judges."""
    from countlab.evaluation.comparison import increase, read_result

    if against.endswith(".json"):
        name, rows = read_result(Path(against))
        return increase(mine.rows, rows, other=name)
    if against.startswith("engine:"):
        other = judge(replace(options, engine=against.removeprefix("engine:")))
    else:
        other = judge(replace(options, model=against))
    return increase(mine.rows, other.rows, other=other.name)


def print_increase(
    found: Increase, bound: float, strict: bool, *, text: str = "evaluate_against"
) -> bool:
    """What was compared with what, in words; true when the gate closes."""
    from rich.text import Text

    worse = found.exceeds(bound, strict=strict)
    end, value = ("upper", found.high) if strict else ("lower", found.low)
    console = stderr_console()
    console.print(
        "\n"
        + say(
            text,
            other=found.other,
            value=f"{found.value:+.3f}",
            low=f"{found.low:+.3f}",
            high=f"{found.high:+.3f}",
            rows=found.rows,
            pictures=found.pictures,
        ),
        soft_wrap=True,
    )
    verdict = (f"✗ {say('evaluate_worse')}", "red") if worse else ("✓", "green")
    side = say(f"evaluate_{end}_{'above' if worse else 'not_above'}",
               value=f"{value:+.3f}", bound=f"{bound:+.3f}")  # fmt: skip
    console.print(Text.assemble(verdict, f" {side}"), soft_wrap=True)
    return worse
