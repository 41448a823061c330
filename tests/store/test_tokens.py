"""Tokens and the audit, on both databases: what is kept of a secret, whom it lets in, and until when."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from domain.errors import NotFound
from store.audit import AuditedAct, AuditPlace, audit_lines, keep_line
from store.database.database import Database, open_database
from store.database.tables import api_tokens
from store.tokens import (
    PREFIX,
    TokenNameTaken,
    any_token,
    make_token,
    token_named,
    token_of,
    tokens,
    withdraw_token,
    write_uses,
)

FAR = 2**62


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url)
    yield database
    database.close()


def made(database: Database, name: str = "ann", *, lasts: int | None = None) -> str:
    return make_token(database, name, "sales", "ann", lasts, "a test")


def role_of(database: Database, secret: str, at: int | None = None) -> str | None:
    with database.snapshot() as conn:
        token = token_of(conn, secret, database.now(conn) if at is None else at)
    return None if token is None else token.role


def test_a_secret_lets_in_and_only_its_hash_is_kept(database: Database) -> None:
    secret = made(database)
    assert secret.startswith(PREFIX) and len(secret) > 40
    assert role_of(database, secret) == "sales"
    assert role_of(database, secret + "x") is None
    with database.snapshot() as conn:
        kept = " ".join(map(str, conn.execute(select(api_tokens)).one()))
        lines = " ".join(map(str, audit_lines(conn, 10)))
    assert secret.removeprefix(PREFIX) not in kept + lines


def test_two_secrets_differ(database: Database) -> None:
    assert made(database, "ann") != made(database, "ben")


def test_a_withdrawn_token_lets_nobody_in_and_its_name_is_free(database: Database) -> None:
    earlier = made(database)
    withdraw_token(database, "ann", "a test")
    later = made(database)
    assert (role_of(database, earlier), role_of(database, later)) == (None, "sales")
    with pytest.raises(NotFound, match="ben"):
        withdraw_token(database, "ben", "a test")


def test_a_name_has_one_token_at_a_time(database: Database) -> None:
    made(database)
    with pytest.raises(TokenNameTaken, match="ann"):
        made(database)


def test_an_expired_token_lets_nobody_in(database: Database) -> None:
    secret = made(database, lasts=60_000_000)
    with database.snapshot() as conn:
        [token] = tokens(conn)
        assert token.expires_at == token.made_at + 60_000_000
        assert token_named(conn, "ann", token.expires_at - 1) == token
        assert token_named(conn, "ann", token.expires_at) is None
    assert role_of(database, secret, FAR) is None


def test_that_there_ever_was_a_token_is_not_forgotten(database: Database) -> None:
    with database.snapshot() as conn:
        assert not any_token(conn)
    made(database)
    withdraw_token(database, "ann", "a test")
    with database.snapshot() as conn:
        assert any_token(conn)


def test_the_last_use_is_kept_whatever_the_order_of_writing(database: Database) -> None:
    made(database)
    for at in (2_000, 1_000):
        with database.transaction() as conn:
            [token] = tokens(conn)
            write_uses(conn, {token.hash: at})
    with database.snapshot() as conn:
        assert [token.used_at for token in tokens(conn)] == [2_000]


def test_making_and_withdrawing_are_lines_of_the_audit(database: Database) -> None:
    made(database)
    withdraw_token(database, "ann", "somebody")
    with database.snapshot() as conn:
        lines = audit_lines(conn, 10)
    assert [(line.who, line.act, line.what, line.rows) for line in lines] == [
        ("somebody", AuditedAct.TOKEN_WITHDRAWN, "ann (sales)", None),
        ("a test", AuditedAct.TOKEN_MADE, "ann (sales)", None),
    ]


def test_the_audit_is_read_page_by_page(database: Database) -> None:
    with database.transaction() as conn:
        for number in range(5):
            keep_line(database, conn, "ann", AuditedAct.EXPORT, f"list {number}", number)
    with database.snapshot() as conn:
        whole = audit_lines(conn, 10)
        first = audit_lines(conn, 2)
        rest = audit_lines(conn, 10, AuditPlace(first[-1].at, first[-1].id))
    assert first + rest == whole and {line.rows for line in whole} == set(range(5))
