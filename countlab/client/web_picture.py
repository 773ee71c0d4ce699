"""A picture at an http address, fetched with bounds on its size and on the time it takes."""

from __future__ import annotations

import time

from countlab.errors import CountlabError

_STALL_S = 10.0  # between two pieces
_WHOLE_S = 60.0


def fetch_picture(address: str, *, max_bytes: int) -> bytes:
    """The bytes; what is larger, slower or a web page is refused with the reason."""
    from countlab.client.http import NO_ANSWER, client_settings, httpx

    until = time.monotonic() + _WHOLE_S
    data = bytearray()
    settings = client_settings(
        address, timeout_s=_STALL_S, headers={"Accept": "image/*, */*;q=0.5"}
    )
    try:
        with httpx.Client(**settings) as client, client.stream("GET", address) as response:
            if response.status_code != 200:
                reason = CountlabError(
                    "address_refused", address=address, status=response.status_code
                )
                raise _not_fetched(address, reason)
            if "text/html" in response.headers.get("Content-Type", "").lower():
                raise _not_fetched(address, CountlabError("address_page", address=address))
            for piece in response.iter_bytes():
                data += piece
                if len(data) > max_bytes:
                    raise CountlabError(
                        "too_many_bytes", arrived=f"> {max_bytes}", allowed=max_bytes
                    )
                if time.monotonic() > until:
                    raise _not_fetched(address, CountlabError("address_silent", address=address))
    except httpx.TimeoutException as error:
        silent = CountlabError("address_silent", address=address)
        raise _not_fetched(address, silent) from error
    except (httpx.TooManyRedirects, httpx.UnsupportedProtocol) as error:
        elsewhere = CountlabError("address_elsewhere", address=address)
        raise _not_fetched(address, elsewhere) from error
    except (httpx.ReadError, httpx.RemoteProtocolError, httpx.DecodingError) as error:
        broken = CountlabError("address_broke_off", address=address)
        raise _not_fetched(address, broken) from error
    except NO_ANSWER as error:
        away = CountlabError("address_unreachable", address=address)
        raise _not_fetched(address, away) from error
    return bytes(data)


def _not_fetched(address: str, reason: CountlabError) -> CountlabError:
    return CountlabError("client_no_picture_at", address=address, reason=reason)
