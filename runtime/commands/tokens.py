"""`token make`, `list` and `withdraw`: who may ask the API and open the pages."""

import re
from typing import Annotated, Final

import typer

from domain.errors import NotFound, Refused
from domain.files.durations import parse_duration
from domain.touchpoints.touchpoint import moment, rfc3339
from runtime.acting import who_acts
from runtime.commands.options import AsJson, Data, DatabaseUrl, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings, say
from store.database.database import Database
from store.models import active_model
from store.tokens import Token, make_token, tokens, withdraw_token
from web.viewer import Role

_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f,](?:[^\x00-\x1f\x7f,]{0,78}[^\s\x00-\x1f\x7f,])?")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose token it is: a person's or a program's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Who may ask the API and open the pages: make tokens, list and withdraw them."
    group = typer.Typer(help=about, no_args_is_help=True)
    group.command("make")(make)
    group.command("list")(listed)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="token")


def make(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="reader: sees no names; sales: also commands; admin: may everything.")],
    owner: Annotated[str | None, typer.Option(help="The owner in the model's [[sales.owners]] that they are.")] = None,
    expires: Annotated[str | None, typer.Option(help="How long it holds, such as 90d; else until withdrawn.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make a token and print its secret: the only time that it is shown."""
    if _NAME.fullmatch(name) is None:
        raise Refused(f"NAME: found {name[:90]!r}, allowed are up to 80 characters without commas and line ends")
    lasts = _lasts(expires)
    with wiring_of(data=data, database=database) as wiring:
        _check_owner(wiring.existing, owner)
        secret = make_token(wiring.existing, name, role.value, owner, lasts, who_acts())
    if as_json:
        print_json({"name": name, "role": role.value, "owner": owner, "secret": secret})
        return
    print(secret)
    say(f"the token of {name} ({role.value}): nobody can show it again; for programs `Authorization: Bearer TOKEN`")


def _lasts(expires: str | None) -> int | None:
    try:
        return None if expires is None else parse_duration(expires)
    except ValueError as error:
        raise Refused(f"--expires: {error}") from None


def _check_owner(database: Database, owner: str | None) -> None:
    if owner is None:
        return
    with database.snapshot() as conn:
        model = active_model(conn)
    owners = [each.name for each in model.sales.owners] if model is not None else []
    if owner not in owners:
        raise NotFound(f"no owner {owner[:80]!r} in the active model: there are {', '.join(owners) or 'none'}")


def listed(*, as_json: AsJson = False, data: Data = None, database: DatabaseUrl = None) -> None:
    """List all tokens that were ever made, without their secrets."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        every, now = tokens(conn), wiring.existing.now(conn)
    if as_json:
        print_json([_item(token, now) for token in every])
        return
    rows = [
        (token.name, token.role, token.owner, _state(token, now), moment(token.made_at), _shown(token.used_at))
        for token in every
    ]
    print_listings(Listing("Tokens (times in UTC)", _COLUMNS, rows))


_COLUMNS: Final = (
    Column("name"), Column("role"), Column("owner", 2), Column("state"), Column("made at", 3), Column("used at", 1),
)  # fmt: skip


def _state(token: Token, now: int) -> str:
    if token.withdrawn_at is not None:
        return "withdrawn"
    if token.expires_at is None:
        return "holds"
    return "expired" if token.expires_at <= now else f"until {moment(token.expires_at):%Y-%m-%d}"


def _shown(at: int | None) -> object:
    return None if at is None else moment(at)


def _item(token: Token, now: int) -> dict[str, object]:
    def instant(at: int | None) -> str | None:
        return None if at is None else rfc3339(at)

    return {
        "name": token.name,
        "role": token.role,
        "owner": token.owner,
        "holds": token.withdrawn_at is None and (token.expires_at is None or token.expires_at > now),
        "made_at": instant(token.made_at),
        "expires_at": instant(token.expires_at),
        "withdrawn_at": instant(token.withdrawn_at),
        "used_at": instant(token.used_at),
    }


def withdraw(name: Name, *, data: Data = None, database: DatabaseUrl = None) -> None:
    """Withdraw a token: who bears it is out at once, in running servers too."""
    with wiring_of(data=data, database=database) as wiring:
        withdraw_token(wiring.existing, name, who_acts())
    say(f"the token of {name} is withdrawn")
