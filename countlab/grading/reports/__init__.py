"""What comes out: tables, pages, marking by a person, Gradescope."""
