"""Whose act a row is, told by the database as the fold tells it, of every type and source that makes a difference."""

from itertools import product

from sqlalchemy import String, column, select, values

from domain.touchpoints.acts import DONE_TO_THEM, SAYS_WHO_THEY_ARE, is_own_act
from domain.touchpoints.claims import SOURCE_KINDS
from store.database.acts import is_their_own_act
from store.database.database import open_database
from tests.domain.stories import at

TYPES = sorted({*DONE_TO_THEM, *SAYS_WHO_THEY_ARE, "page_viewed", "email_opened", "message_received", "anything_else"})


def test_the_database_tells_own_acts_as_the_fold_does(migrated_url: str) -> None:
    kinds = list(product(TYPES, SOURCE_KINDS))
    rows = values(column("type", String), column("source_kind", String), column("machine", String), name="touches")
    touches = rows.data([(type, kind, machine) for type, kind in kinds for machine in (None, "a test")]).cte("t").c
    theirs = is_their_own_act(touches)
    database = open_database(migrated_url)
    with database.snapshot() as conn:
        told = {(row.type, row.source_kind, row.machine) for row in conn.execute(select(touches).where(theirs))}
    database.close()
    own = {(type, kind, None) for type, kind in kinds if is_own_act(at(0, type, "c:1", source=kind))}
    assert told == own and len(own) > len(SOURCE_KINDS)
