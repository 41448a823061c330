"""API tokens: who bears one may ask. What is kept of a secret is its hash, so that no copy of the database lets in.

A secret has 256 bits of chance: nobody guesses one, and a quick hash hides it as well as a slow one would.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, insert, or_, select, update

from domain.errors import NotFound, Refused
from store.audit import AuditedAct, keep_line
from store.database.database import Database
from store.database.tables import api_tokens

PREFIX: Final = "leadline_"
"""How every secret begins, so that people and scanners of leaked secrets know it."""
_BYTES: Final = 32


class TokenNameTaken(Refused):
    """Somebody has a token under this name."""


class Token(NamedTuple):
    """A token, without its secret. Instants in microseconds; `role` as whoever checks it names it."""

    hash: str
    name: str
    role: str
    owner: str | None
    made_at: int
    expires_at: int | None
    withdrawn_at: int | None
    used_at: int | None


def hash_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def make_token(database: Database, name: str, role: str, owner: str | None, lasts: int | None, who: str) -> str:
    """The secret of a new token, which holds for so many microseconds, or until it is withdrawn. Raises TokenNameTaken.

    `who` made it, for the audit.
    """
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    with database.transaction() as conn:
        database.lock(conn, "tokens")
        if conn.execute(_named(name)).first() is not None:
            raise TokenNameTaken(f"{name!r} has a token: withdraw it first, or choose another name")
        now = database.now(conn)
        expires_at = None if lasts is None else now + lasts
        token = Token(hash_of(secret), name, role, owner, now, expires_at, None, None)
        conn.execute(insert(api_tokens).values(token._asdict()))
        keep_line(database, conn, who, AuditedAct.TOKEN_MADE, f"{name} ({role})")
    return secret


def withdraw_token(database: Database, name: str, who: str) -> None:
    """From now on the token of this name lets nobody in. Raises NotFound."""
    with database.transaction() as conn:
        database.lock(conn, "tokens")
        row = conn.execute(_named(name)).first()
        if row is None:
            raise NotFound(f"no token {name[:80]!r} that is not withdrawn: `leadline token list` shows them")
        conn.execute(update(api_tokens).where(api_tokens.c.hash == row.hash).values(withdrawn_at=database.now(conn)))
        keep_line(database, conn, who, AuditedAct.TOKEN_WITHDRAWN, f"{name} ({row.role})")


def tokens(conn: Connection) -> list[Token]:
    """All that were ever made, by name, the newest of a name first."""
    query = select(api_tokens).order_by(api_tokens.c.name, api_tokens.c.made_at.desc(), api_tokens.c.hash)
    return [_token(row) for row in conn.execute(query)]


def any_token(conn: Connection) -> bool:
    """Whether one was ever made."""
    return conn.execute(select(api_tokens.c.hash).limit(1)).first() is not None


def token_of(conn: Connection, secret: str, now: int) -> Token | None:
    """The token that lets the bearer of this secret in at an instant; None: there is none."""
    return _holding(conn, select(api_tokens).where(api_tokens.c.hash == hash_of(secret)), now)


def token_named(conn: Connection, name: str, now: int) -> Token | None:
    """The token that holds under this name at an instant."""
    return _holding(conn, _named(name), now)


def write_uses(conn: Connection, uses: Mapping[str, int]) -> None:
    """Write when tokens were last used: instants by the hash."""
    used_at = api_tokens.c.used_at
    for hash, at in uses.items():
        earlier = or_(used_at.is_(None), used_at < at)
        conn.execute(update(api_tokens).where(and_(api_tokens.c.hash == hash, earlier)).values(used_at=at))


def _named(name: str) -> Select[Any]:
    return select(api_tokens).where(api_tokens.c.name == name, api_tokens.c.withdrawn_at.is_(None))


def _holding(conn: Connection, query: Select[Any], now: int) -> Token | None:
    expires_at = api_tokens.c.expires_at
    holds = and_(api_tokens.c.withdrawn_at.is_(None), or_(expires_at.is_(None), expires_at > now))
    row = conn.execute(query.where(holds)).one_or_none()
    return None if row is None else _token(row)


def _token(row: Row[Any]) -> Token:
    return Token(**row._mapping)
