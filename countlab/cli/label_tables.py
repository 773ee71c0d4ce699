"""Tables of the command `label`: the estimate, the labels, who agrees with whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from countlab.cli.terminal import note, print_error, stdout_console
from countlab.cli.texts import say, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from countlab.datasets.weak_labels.agreement import Agreement
    from countlab.datasets.weak_labels.cost import Estimate
    from countlab.datasets.weak_labels.run import Labelled
    from countlab.errors import CountlabError

_MOST_FAILURES = 10


def print_estimate(expected: Estimate) -> None:
    cost = say("label_price_unknown") if expected.cost is None else f"{expected.cost:.4g}"
    note(
        say(
            "label_estimate",
            requests=expected.requests,
            cached=expected.cached,
            tokens_in=expected.tokens.tokens_in,
            tokens_out=expected.tokens.tokens_out,
            cost=cost,
        )
    )


def print_labelled(labelled: Labelled, folder: Path) -> None:
    console = stdout_console()
    counts = ", ".join(f"{name} {number}" for name, number in labelled.counts.items())
    if any(labelled.counts.values()):
        console.print(say("labelled", counts=counts, path=folder / "labels.csv"), soft_wrap=True)
    if labelled.kept:
        note(say("label_kept", number=labelled.kept))
    if labelled.agreement.sources:
        console.print(_sources(labelled.agreement))
    if labelled.agreement.disputed:
        note(say("label_disputed", number=labelled.agreement.disputed))


def _sources(agreement: Agreement) -> Table:
    """One line a labeller: coverage, agreement with each other one, accuracy."""
    names = [each.source for each in agreement.sources]
    names = names if len(names) > 1 else []
    known = any(each.known for each in agreement.sources)
    columns = words("label_columns")[: None if known else -1]
    table = Table(columns[0], *columns[1:3], *(say("label_agrees", other=n) for n in names),
                  *columns[3:], box=None)  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for each in agreement.sources:
        cells = [each.source, str(each.said), f"{each.coverage:.0%}"]
        for other in names:
            agreeing, both = agreement.pairs.get(
                (min(each.source, other), max(each.source, other)), (0, 0)
            )
            cells.append(f"{agreeing / both:.0%}" if both and other != each.source else "–")
        cells.append("–" if each.believed is None else f"{each.believed:.0%}")
        if known:
            cells.append(f"{each.right}/{each.known}")
        table.add_row(*cells)
    return table


def print_failed(failed: Sequence[tuple[str, CountlabError]]) -> None:
    for file, error in failed[:_MOST_FAILURES]:
        print_error(error, about=file)
    if len(failed) > _MOST_FAILURES:
        note(say("label_more_failed", number=len(failed) - _MOST_FAILURES))
