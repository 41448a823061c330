"""What protocols share: what arrived, bodies, pages, persons, instants."""
