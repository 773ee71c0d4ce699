"""The web page at /ui: what the server counts, for people who would rather look than read."""

from countlab.web.mount import add_page

__all__ = ["add_page"]
