"""How the built-in detector is made. The product never imports this package."""
