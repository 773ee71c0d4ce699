"""Where a stranger's notebooks run: a private network, home and process tree, with limits."""
