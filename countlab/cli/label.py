"""The command `label`: weak labels for a dataset's pictures, and how far they can be trusted."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.label_tables import print_failed, print_labelled
from countlab.cli.terminal import note, progress_bar
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.datasets.folder import DatasetSettings
    from countlab.datasets.weak_labels.rules import Rule
    from countlab.datasets.weak_labels.votes import Vote


def label(
    folder: Annotated[Path, typer.Argument(help=say("label_folder"))],
    endpoint: Annotated[str | None, typer.Option(help=say("label_endpoint"))] = None,
    endpoint_model: Annotated[str | None, typer.Option(help=say("label_endpoint_model"))] = None,
    instruction: Annotated[str | None, typer.Option(help=say("label_instruction"))] = None,
    price_in: Annotated[float | None, typer.Option(min=0, help=say("label_price_in"))] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help=say("label_price_out"))] = None,
    budget: Annotated[float | None, typer.Option(min=0, help=say("label_budget"))] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help=say("label_parallel"))] = 4,
    timeout: Annotated[float, typer.Option(min=1, help=say("label_timeout"))] = 60,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("label_yes"))] = False,
    model: Annotated[list[str] | None, typer.Option(help=say("label_model"))] = None,
    rules: Annotated[bool, typer.Option("--rules/--no-rules", help=say("label_rules"))] = True,
) -> None:
    """Give a dataset's pictures weak labels, and say how far they can be trusted."""
    from countlab.cli.label_question import Question
    from countlab.datasets.folder import read_settings
    from countlab.datasets.pictures import find_dataset_pictures
    from countlab.datasets.weak_labels.cost import Prices
    from countlab.datasets.weak_labels.endpoint import Endpoint
    from countlab.datasets.weak_labels.run import combine, rule_votes
    from countlab.system.interrupts import stopped_in_order

    settings, dataset = Settings.from_environment(), read_settings(folder)
    pictures, stop, asked = find_dataset_pictures(folder), Event(), None
    chosen = _rules(folder, dataset, settings, model or [], rules)
    address = settings.label_url if endpoint is None else endpoint
    if not address and not chosen:
        raise CountlabError("nothing_labels", folder=folder)
    question = None
    if address:
        if budget is not None and price_in is None and price_out is None:
            raise typer.BadParameter(say("label_budget_needs_prices"))
        place = Endpoint(
            address, endpoint_model or settings.label_model, settings.label_key, timeout
        )
        prices = Prices(price_in or 0, price_out or 0) if price_in or price_out else None
        question = Question(folder, pictures, place, instruction or dataset.instruction)
        question.agree(prices, budget, yes=yes)
    with stopped_in_order(stop):
        votes: list[Vote] = []
        if chosen:
            with progress_bar() as bar:
                task = bar.add_task(say("label_progress_rules"), total=len(pictures))
                votes, failed = rule_votes(
                    pictures, chosen, stop=stop, each=lambda: bar.advance(task)
                )
            print_failed(failed)
        if question and not stop.is_set():
            asked = question.put(dataset.classes, parallel, stop)
            votes += asked.votes
    print_labelled(combine(folder, votes, dataset.classes, len(pictures)), folder)
    if stop.is_set():
        note(say("label_stopped"))
        raise typer.Exit(130)
    raise typer.Exit(1 if asked and asked.failed else 0)


def _rules(
    folder: Path, dataset: DatasetSettings, settings: Settings, models: list[str], simple: bool
) -> list[Rule]:
    from countlab.datasets.folder import COLLECTED
    from countlab.datasets.weak_labels.rules import model_rule, shape_rule, text_rule

    chosen = []
    if simple and dataset.shape == "octagon":
        chosen.append(shape_rule(dataset))
    if simple and dataset.text and (folder / COLLECTED).is_file():
        chosen.append(text_rule(folder, dataset.text))
    if models:
        from countlab.inference.pipeline import Pipeline

        pipeline = Pipeline(settings)
        chosen += [model_rule(pipeline, name, dataset) for name in models]
    return chosen
