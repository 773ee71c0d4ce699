"""Gradio shell of the page: layout, tabs, theme and dark mode.

The only module that imports Gradio. Each tab is a custom HTML component: its template is in
`templates/`, its behavior in `files/`.
"""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from string import Template

from starlette.types import ASGIApp

from countlab.engines import ENGINES
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.settings import Settings
from countlab.web.strings import strings_in

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read by Gradio when it is imported

import gradio as gr
from fastapi import FastAPI

_FOLDER = Path(__file__).parent
_TABS = ("count", "many", "history", "health")
# The only Gradio routes that the page needs. Its others (uploads, queues, files of the disk) are
# removed: they would have to be protected in addition to the API.
_KEPT_ROUTES = {
    "/",
    "/config",
    "/assets/{path:path}",
    "/static/{path:path}",
    "/theme.css",
    "/manifest.json",
    "/favicon.ico",
}
_START_SCRIPT = Template(
    "import(new URL($module, document.baseURI).href).then((tab) => tab.start(element, props));"
)


def build_shell(settings: Settings, language: Language) -> ASGIApp:
    """The page in one language, as an ASGI application to be mounted."""
    strings = strings_in(language)
    with gr.Blocks(title=strings["title"], analytics_enabled=False) as blocks:
        _component("head", settings, language)
        with gr.Tabs():
            for tab in _TABS:
                with gr.Tab(strings[f"tab_{tab}"], id=tab):
                    _component(tab, settings, language)
    outer = gr.mount_gradio_app(
        FastAPI(),
        blocks,
        path="/ui",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        theme=gr.themes.Base(
            primary_hue="teal",
            neutral_hue="slate",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        head='<link rel="stylesheet" href="files/page.css"><link rel="icon" href="files/icon.svg">',
    )
    shell: FastAPI = outer.router.routes[-1].app
    shell.router.routes[:] = [
        route for route in shell.router.routes if getattr(route, "path", "") in _KEPT_ROUTES
    ]
    return shell


def _too_large_message(settings: Settings, language: Language) -> dict[str, str]:
    """The error text of the server, shown by the page before an upload that is too large."""
    error = CountlabError("too_many_bytes", arrived="{arrived}", allowed=settings.max_bytes)
    return error.text(language)._asdict()


def _component(name: str, settings: Settings, language: Language) -> None:
    """An HTML component from its template, and the script module that starts it."""
    strings = strings_in(language)
    template = Template((_FOLDER / "templates" / f"{name}.html").read_text(encoding="utf-8"))
    gr.HTML(
        html_template=template.substitute(
            {name: html.escape(text) for name, text in strings.items()}
        ),
        js_on_load=_START_SCRIPT.substitute(module=json.dumps(f"files/{name}.js")),
        apply_default_css=False,
        elem_id=name,
        strings=strings,
        language=language,
        engines=list(ENGINES),
        engine=settings.engine,
        max_batch=settings.max_batch,
        max_bytes=settings.max_bytes,
        too_large=_too_large_message(settings, language),
        examples=sorted(path.name for path in (_FOLDER / "files" / "examples").iterdir()),
    )
