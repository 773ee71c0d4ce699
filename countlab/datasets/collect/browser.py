"""A shop's category page in Chromium: opened, scrolled to its end, read card by card.

The browser shows no pictures: each is asked for once, by the fetcher. In their place it gets one
empty pixel, so that scripts that wait for a picture go on. All it asks for passes the gate.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from countlab.datasets.collect.fetch import USER_AGENT, Fetcher, retry_after_s
from countlab.datasets.collect.shop import Listing, Politeness
from countlab.errors import CountlabError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request, Response, Route

_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
_OPEN_MS = 45_000
_ATTEMPTS = 4
_STEP_S = 0.1
_SLOW = 5
"""So many times the patience for what is under way; some pages keep a request open for ever."""
_UNSEEN = ("image", "media", "font")
_TO_THE_END = """(selector) => {
  const place = selector ? document.querySelector(selector) : document.scrollingElement;
  if (!place) return true;
  place.scrollBy(0, Math.max(100, place.clientHeight * 0.9));
  return place.scrollTop + place.clientHeight >= place.scrollHeight - 2;
}"""


class Card(NamedTuple):
    """What the page says of one product."""

    name: str
    description: str
    price: str
    link: str
    picture: str

    @property
    def product(self) -> str:
        """What tells it from others: its own page, else picture and name."""
        return self.link.partition("#")[0] or f"{self.picture} {self.name}"


class ShopBrowser:
    """Pages of one shop, opened within the fetcher's rules."""

    def __init__(self, browser: Browser, fetcher: Fetcher, listing: Listing, polite: Politeness):
        self._fetcher, self._listing, self._polite = fetcher, listing, polite
        context = browser.new_context(
            user_agent=USER_AGENT, viewport={"width": 1280, "height": 900}, accept_downloads=False,
            service_workers="block",
        )  # fmt: skip
        context.route("**/*", self._route)
        self._page = context.new_page()
        self._page.on("response", self._noted)
        self._page.on("dialog", lambda dialog: dialog.dismiss())
        self._page.on("popup", lambda popup: popup.close())
        self._under_way: set[Request] = set()
        self._page.on("request", lambda request: self._under_way.add(request))
        self._page.on("requestfinished", lambda request: self._under_way.discard(request))
        self._page.on("requestfailed", lambda request: self._under_way.discard(request))
        self._until, self._refusals = 0.0, 0
        self._cards = (Path(__file__).with_name("cards.js")).read_text(encoding="utf-8")

    def open(self, address: str) -> None:
        """Again after a while where the shop asks for that."""
        from playwright.sync_api import Error

        self._fetcher.check(address)
        for attempt in range(1, _ATTEMPTS + 1):
            self._fetcher.pace(address)
            try:
                response = self._page.goto(address, timeout=_OPEN_MS, wait_until="load")
            except Error as error:
                reason = error.message.partition("\n")[0]
                raise CountlabError("page_silent", address=address, reason=reason) from error
            status = response.status if response else 200
            if status < 400:
                self._fetcher.check(self._page.url)  # it may have been led elsewhere
                return
            if status not in (429, 503) or attempt == _ATTEMPTS:
                raise CountlabError("http_status", address=address, status=status)
            self._wait_as_asked()

    def cards(self) -> Iterator[list[Card]]:
        """The page's cards again and again while it is scrolled, until nothing new comes."""
        while True:
            before = self._read()
            yield before
            at_end = self._page.evaluate(_TO_THE_END, self._listing.scroll)
            self._wait_as_asked()
            if not at_end:
                self._page.wait_for_timeout(1000 * _STEP_S)
            elif not self._click_more() and not self._something_new(len(before)):
                yield self._read()
                return

    def next_page(self) -> str | None:
        """The address of the next page, if the shop has one."""
        if not self._listing.next:
            return None
        link = self._page.query_selector(self._listing.next)
        href = link and link.evaluate("link => link.href || ''")
        return str(href) if href else None

    def _read(self) -> list[Card]:
        listing = {**vars(self._listing)}
        return [Card(**card) for card in self._page.evaluate(self._cards, listing)]

    def _click_more(self) -> bool:
        """Whether there was a button to click that loads more."""
        from playwright.sync_api import Error

        if not self._listing.more:
            return False
        button = self._page.query_selector(self._listing.more)
        if button is None or not button.is_visible() or not button.is_enabled():
            return False
        number, clicked = len(self._read()), time.monotonic()
        self._fetcher.pace(self._page.url)
        try:
            button.click(timeout=5000)
        except Error:  # covered, or gone meanwhile
            return False
        if self._something_new(number):
            self._refusals = 0
            return True
        self._refusals += 1  # it may have been too soon: then it is clicked again
        return self._until > clicked and self._refusals < _ATTEMPTS

    def _something_new(self, number: int) -> bool:
        """Waits for more cards; longer while answers are under way, or the shop asked for that."""
        patience, start = self._polite.patience_s, time.monotonic()
        while time.monotonic() < max(
            start + patience * (_SLOW if self._under_way else 1), self._until + patience
        ):
            self._page.wait_for_timeout(1000 * _STEP_S)
            if len(self._read()) != number:
                return True
        return False

    def _wait_as_asked(self) -> None:
        self._fetcher.wait(self._until - time.monotonic())

    def _route(self, route: Route) -> None:
        """Pictures, films and fonts are not shown."""
        if route.request.resource_type in _UNSEEN:
            route.fulfill(status=200, content_type="image/gif", body=_PIXEL)
        else:
            route.continue_()

    def _noted(self, response: Response) -> None:
        """A 429 to a script's own request slows the scrolling down too."""
        if response.status in (429, 503):
            seconds = retry_after_s(response.headers.get("retry-after"))
            self._until = time.monotonic() + min(300.0, 2.0 if seconds is None else seconds)
