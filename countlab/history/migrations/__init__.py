"""How the history's tables came to be; applied when a server starts."""
