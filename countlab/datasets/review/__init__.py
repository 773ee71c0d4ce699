"""Review by people: what to look at first, and how wrong the weak labels were."""
