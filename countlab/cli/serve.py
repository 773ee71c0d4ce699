"""The command `serve`: the counting API and its page, for others to use."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.early_checks import check_names
from countlab.cli.options import typer_option
from countlab.cli.terminal import print_warning
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from countlab.server.rollout import RolloutPlan
    from countlab.serving.foreground import RunningServer

Port = Annotated[int, typer.Option(min=0, max=65535, help=say("serve_port"))]


def serve(
    host: Annotated[str, typer.Option(help=say("serve_host"))] = "127.0.0.1",
    port: Port = 8000,
    engine: Annotated[str | None, typer_option("engine")] = None,
    model: Annotated[str | None, typer.Option(help=say("serve_model"))] = None,
    lab: Annotated[str | None, typer.Option(help=say("serve_lab"))] = None,
    keep: Annotated[Path | None, typer.Option(help=say("serve_keep"))] = None,
    history: Annotated[
        bool, typer.Option("--history/--no-history", help=say("serve_history"))
    ] = True,
    workers: Annotated[int, typer.Option(min=1, max=64, help=say("serve_workers"))] = 1,
    page: Annotated[bool, typer.Option("--ui/--no-ui", help=say("serve_page"))] = True,
    follow: Annotated[list[str] | None, typer.Option(help=say("serve_follow"))] = None,
    shadow: Annotated[str | None, typer.Option(help=say("serve_shadow"))] = None,
    canary: Annotated[str | None, typer.Option(help=say("serve_canary"))] = None,
    ray: Annotated[str | None, typer.Option(help=say("serve_ray"))] = None,
    replicas: Annotated[list[str] | None, typer.Option(help=say("serve_replicas"))] = None,
) -> None:
    """Serve the counting API and its web page until Ctrl-C."""
    settings = Settings.from_environment()
    names = [name for name in (model, lab) if name]
    check_names(settings, engines=[engine], models=names if follow else names or [None])
    from countlab.cli.following import read_plan, start_following
    from countlab.serving.foreground import serve_in_foreground, wait_for_interrupt

    plan = read_plan(follow or (), shadow, canary)
    make = partial(
        make_app, engine=engine, model=model or plan.model, lab=lab, keep=keep, history=history,
        page=page, rollout=plan.rollout,
    )  # fmt: skip
    start: Callable[[socket], RunningServer] = partial(_start, make, workers, host)
    if ray is not None:
        from countlab.cli.serving_on_ray import starter

        start = starter(
            make, host, address=ray, replicas=replicas or (), engine=engine,
            model=model or lab or settings.default_model,
            alone={"--workers": workers > 1, "--shadow": shadow, "--canary": canary},
        )  # fmt: skip
    with ExitStack() as ending:
        if plan.followed:
            ending.callback(start_following(plan.followed, engine=engine or settings.engine).stop)
        running = ending.enter_context(serve_in_foreground(start, host=host, port=port))
        if page:
            print(say("serve_page_at", url=f"{running.url}/ui"), flush=True)
        if not (settings.api_keys or settings.api_keys_file or _is_this_machine(host)):
            print_warning(CountlabError("open_to_all", host=host))
        wait_for_interrupt()


def make_app(
    *,
    engine: str | None,
    model: str | None,
    lab: str | None,
    keep: Path | None,
    history: bool,
    page: bool,
    rollout: RolloutPlan | None = None,
) -> FastAPI:
    """The app of `serve`; with several workers each of them makes it."""
    from countlab.system.heap import settle_heap

    settle_heap()  # before libraries that start threads are loaded
    from countlab.models.catalog import read_catalog
    from countlab.server import create_app
    from countlab.system.logs import configure_logging
    from countlab.web import add_page

    settings = Settings.from_environment()
    settings = replace(settings, default_model=model or lab or settings.default_model)
    read_catalog(settings.models_folder).find(settings.default_model)
    log = configure_logging()
    app = create_app(
        engine=engine, settings=settings, lab=lab, keep=keep, history=history, rollout=rollout,
        log=log,
    )  # fmt: skip
    if page:
        add_page(app)
    return app


def _start(make: Callable[[], FastAPI], workers: int, host: str, on: socket) -> RunningServer:
    from countlab.serving.server_thread import Server
    from countlab.serving.workers import Workers
    from countlab.system.logs import configure_logging

    if workers == 1:
        return Server(make(), on, host, service=True)
    configure_logging()
    return Workers(make, workers, on, host)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
