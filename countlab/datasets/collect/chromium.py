"""Chromium, started for one collection: Playwright's own, or the one that the system has."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from countlab.errors import CountlabError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_NO_UDP = "--force-webrtc-ip-handling-policy=disable_non_proxied_udp"


@contextlib.contextmanager
def open_browser(gate: str) -> Iterator[Browser]:
    """`gate` is its proxy, and its only way out."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = _launched(playwright, gate)
        try:
            yield browser
        finally:
            browser.close()


def _launched(playwright: Playwright, gate: str) -> Browser:
    from playwright.sync_api import Error

    own = Path(playwright.chromium.executable_path)
    executable = None if own.is_file() else next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None and not own.is_file():
        raise CountlabError("no_browser")
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # as root, Chromium has no sandbox
    try:
        return playwright.chromium.launch(
            executable_path=executable,
            args=[_NO_UDP, *(["--no-sandbox"] if root else [])],
            proxy={"server": gate},
            handle_sigint=False,
            handle_sigterm=False,
        )
    except Error as error:
        reason = error.message.partition("\n")[0]
        raise CountlabError("browser_did_not_start", reason=reason) from error
