"""What stands before the routes, and in which order.

From the outside in, within `watching`, which only looks on:

1. `SecurityHeaders`: nothing leaves without them, whoever answered.
2. CORS, where origins are set: before the door, as browsers ask ahead without a key, and a
   refusal that a page's script cannot read helps nobody.
3. `Auth`: keys and rates, judged by the headers alone.
4. `Admission`: for those that bring a body: a place, the body, a workplace, the deadline.

So a stranger costs no memory, a client over its limits no workplace, and what only asks, such
as /health, /docs or /metrics, never waits behind what counts.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from countlab.server.middleware.admission import Admission
from countlab.server.middleware.api_keys import ApiKeys
from countlab.server.middleware.auth import Auth
from countlab.server.middleware.body import FormRoute, Limits
from countlab.server.middleware.rate_limit import RateLimiter
from countlab.server.middleware.security_headers import SecurityHeaders
from countlab.server.middleware.slots import Slots
from countlab.settings import Settings

_BRING_A_BODY = frozenset(["POST", "PUT", "PATCH"])
_SENT = ["Authorization", "X-API-Key", "X-Request-Id", "Content-Type", "Accept", "Accept-Language"]
_SHOWN = [
    "X-Count",
    "X-Counts",
    "X-Likely",
    "X-Model",
    "X-Engine",
    "X-Precision",
    "X-Tiles",
    "X-Warnings",
    "X-Request-Id",
    "Retry-After",
]


def install(app: FastAPI, settings: Settings) -> None:
    """Leaves `api_keys` and `places` in the app's state, for those who tell of them."""
    app.router.route_class = FormRoute
    app.state.api_keys = ApiKeys.of(settings)
    app.state.places = Slots(settings)
    limits = Limits(settings)
    # Each one added stands before those that are there.
    app.add_middleware(
        Admission,
        places=app.state.places,
        limits=limits,
        deadline_s=settings.deadline_s,
        concerns=_brings_a_body,
    )
    rates = RateLimiter(settings.rate) if settings.rate else None
    app.add_middleware(Auth, api_keys=app.state.api_keys, rates=rates)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=_SENT,
            expose_headers=_SHOWN,
        )
    app.add_middleware(SecurityHeaders)


def _brings_a_body(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in _BRING_A_BODY
