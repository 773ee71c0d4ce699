"""MkDocs hook: brings the repository's own pages into the site, and makes their links fit.

README.md, SECURITY.md and others stand at the top of the repository, where people look for them.
Here they become pages beside those of docs/. Links between them are rewritten; a link to a file
that is no page of the site is shown as that file's path.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_PAGES = {  # source in the repository → page of the site
    "README.md": "index.md",
    "README.es.md": "README.es.md",
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leaves out of the menu what does not exist."""
    root, docs = _root(config), Path(config.docs_dir)
    sources = {page: root / source for source, page in _PAGES.items()}
    config.nav = _existing(config.nav, lambda page: (sources.get(page) or docs / page).is_file())
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    root = _root(config)
    for source, page in _PAGES.items():
        if (root / source).is_file():
            files.append(File.generated(config, page, abs_src_path=str(root / source)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    root = _root(config)
    folder = Path(page.file.abs_src_path or "").parent

    def replace(match: re.Match[str]) -> str:
        mark, text, target, anchor = match.groups(default="")
        path = (folder / target).resolve()
        if not path.is_relative_to(root):
            return match.group()
        inside = path.relative_to(root).as_posix()
        destination = _PAGES.get(inside) or inside.removeprefix("docs/")
        if files.get_file_from_path(destination) is not None:
            here = posixpath.dirname(page.file.src_uri)
            return f"{mark}[{text}]({posixpath.relpath(destination, here or '.')}{anchor})"
        plain = text.strip("`")
        return f"`{inside}`" if plain in (inside, target) else f"{text} (`{inside}`)"

    return _LINK.sub(replace, markdown)


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent


def _existing(entries: Any, exists: Any) -> Any:
    kept = []
    for entry in entries:
        ((title, value),) = entry.items()
        if isinstance(value, list):
            if inner := _existing(value, exists):
                kept.append({title: inner})
        elif exists(value):
            kept.append(entry)
    return kept
