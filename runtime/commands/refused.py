"""Commands that are part of the contract and not built yet: refused by name, whatever follows them."""

import typer

from runtime.errors import not_built


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    anything = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=anything)(erase)


def erase() -> None:
    """Erase a person: not built yet."""
    raise not_built("`leadline erase`")
