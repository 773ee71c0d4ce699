"""The web page at /ui, mounted beside the API: count, threshold, history and health tabs."""

from countlab.web.mount import add_page

__all__ = ["add_page"]
