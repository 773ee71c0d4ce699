"""The middleware stack and its order.

From the outside in, within `AccessLog`, which refuses nothing:

1. `SecurityHeaders`: every response has them.
2. `ForwardedHeaders`: whose address it is; all that follows goes by it.
3. CORS, where origins are set: before `Auth`, since preflight requests carry no key, and a
   refusal without CORS headers cannot be read by the page's script.
4. `Auth`: keys and rates, decided by the headers alone.
5. `Admission`: for requests with a body: body, queue, slot, deadline; for those that only read,
   slots of their own.

So a client without a key costs no memory, a client over its rate costs no slot, and requests
without a body, such as /health, /docs or /metrics, never wait behind those that count.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from countlab.server.middleware.admission import Admission
from countlab.server.middleware.api_keys import ApiKeys
from countlab.server.middleware.auth import Auth
from countlab.server.middleware.body import BodyLimits
from countlab.server.middleware.body_memory import BodyMemory
from countlab.server.middleware.form import FormRoute
from countlab.server.middleware.forwarded import ForwardedHeaders
from countlab.server.middleware.rate_limit import RateLimiter
from countlab.server.middleware.security_headers import SecurityHeaders
from countlab.server.middleware.slots import Slots
from countlab.settings import Settings

_METHODS_WITH_BODY = frozenset(["POST", "PUT", "PATCH"])
READS, _WAITING_READS = 16, 256  # of the 40 threads that routes run in: counting keeps the rest
_CORS_REQUEST_HEADERS = [
    "Authorization",
    "X-API-Key",
    "X-Request-Id",
    "Content-Type",
    "Accept",
    "Accept-Language",
]
_CORS_RESPONSE_HEADERS = [
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
    """Adds the middleware; `app.state` has `api_keys`, `slots`, `body_memory` afterwards."""
    app.router.route_class = FormRoute
    app.state.api_keys = ApiKeys.from_settings(settings)
    app.state.slots = Slots.from_settings(settings)
    limits = BodyLimits(settings)
    app.state.body_memory = BodyMemory(settings.max_body_memory, limits.largest)
    # Each middleware wraps those that were added before it.
    app.add_middleware(
        Admission,
        slots=app.state.slots,
        reads=Slots(READS, _WAITING_READS),
        memory=app.state.body_memory,
        limits=limits,
        deadline_s=settings.deadline_s,
        applies_to=_has_body,
    )
    app.add_middleware(
        Auth,
        api_keys=app.state.api_keys,
        rate_limiter=RateLimiter(settings.rate) if settings.rate else None,
    )
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=_CORS_REQUEST_HEADERS,
            expose_headers=_CORS_RESPONSE_HEADERS,
        )
    app.add_middleware(ForwardedHeaders, trusted=settings.trusted_proxies)
    app.add_middleware(SecurityHeaders)


def _has_body(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in _METHODS_WITH_BODY
