"""How rules are judged: what another model would change, and how well one foretold who would be won."""
