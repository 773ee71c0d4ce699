"""Which models exist, their files, and how well they count."""
