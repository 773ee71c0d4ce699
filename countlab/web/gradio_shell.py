"""What Gradio makes of the page: its frame, tabs, theme and dark mode.

The only place that imports Gradio. Each tab is an HTML component of our own: a template here,
its behaviour in `files/`.
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

_HERE = Path(__file__).parent
_TABS = ("count", "many", "history", "health")
# The page asks Gradio for nothing else. Without its other addresses (uploads, queues, files of
# the disk) there is nothing more to guard than what the API guards already.
_KEPT = {
    "/",
    "/config",
    "/assets/{path:path}",
    "/static/{path:path}",
    "/theme.css",
    "/manifest.json",
    "/favicon.ico",
}
_START = Template(
    "import(new URL($module, document.baseURI).href).then((tab) => tab.start(element, props));"
)


def build_shell(settings: Settings, language: Language) -> ASGIApp:
    """The page in one language, as an application to be mounted."""
    words = strings_in(language)
    with gr.Blocks(title=words["title"], analytics_enabled=False) as blocks:
        _component("head", settings, language)
        with gr.Tabs():
            for tab in _TABS:
                with gr.Tab(words[f"tab_{tab}"], id=tab):
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
    frame: FastAPI = outer.router.routes[-1].app
    frame.router.routes[:] = [
        route for route in frame.router.routes if getattr(route, "path", "") in _KEPT
    ]
    return frame


def _too_large(settings: Settings, language: Language) -> dict[str, str]:
    """The server's own sentence: the page spares a person the upload that would be refused."""
    error = CountlabError("too_many_bytes", arrived="{arrived}", allowed=settings.max_bytes)
    return error.text(language)._asdict()


def _component(name: str, settings: Settings, language: Language) -> None:
    """A template with the words in place, and the script that brings it to life."""
    words = strings_in(language)
    template = Template((_HERE / "templates" / f"{name}.html").read_text(encoding="utf-8"))
    gr.HTML(
        html_template=template.substitute({key: html.escape(word) for key, word in words.items()}),
        js_on_load=_START.substitute(module=json.dumps(f"files/{name}.js")),
        apply_default_css=False,
        elem_id=name,
        words=words,
        language=language,
        engines=list(ENGINES),
        engine=settings.engine,
        max_batch=settings.max_batch,
        max_bytes=settings.max_bytes,
        too_large=_too_large(settings, language),
        examples=sorted(path.name for path in (_HERE / "files" / "examples").iterdir()),
    )
