"""The web page at /ui: what the server counts, for people who would rather look than read."""

from countlab.page.mount import add_page

__all__ = ["add_page"]
