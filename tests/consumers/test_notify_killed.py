"""kill -9 of a process at each step of a delivery: every signal arrives, none twice for who honours the key."""

import pytest

from store.database.database import Database, open_database
from tests.consumers import killed_courier
from tests.consumers.forks import exit_code
from tests.consumers.notifying import activated, webhook
from tests.given_ledger import put, row
from tests.given_mail_server import mailing
from tests.given_receivers import receiving

STEPS = [(step, when) for step in ("take_in", "hand_over", "send", "delivered") for when in ("before", "after")]


@pytest.fixture
def database(migrated_sqlite_url: str) -> Database:
    return open_database(migrated_sqlite_url, b"an id key for tests only")


def worked(database: Database, url: str, step: str = "none", when: str = "") -> int | None:
    """The exit code of a process that works, and is killed at a step."""
    return exit_code(killed_courier.main, f"sqlite:///{database.path}", url, step, when)


@pytest.mark.parametrize(("step", "when"), STEPS)
def test_a_webhook_hears_of_each_signal_once(database: Database, step: str, when: str) -> None:
    activated(database, webhook())
    rows = [row(position) for position in range(1, 4)]
    put(database, rows)
    with receiving() as receiver:
        assert worked(database, receiver.url, step, when) == -9
        assert worked(database, receiver.url, step, when) == -9 or (step, when) == ("take_in", "after")
        assert worked(database, receiver.url) == 0
        assert [said["data"]["id"] for said in receiver.accepted()] == [each["id"] for each in rows]


@pytest.mark.parametrize(("step", "when"), [("send", "before"), ("send", "after"), ("delivered", "before")])
def test_a_mail_that_comes_again_bears_the_same_id(database: Database, step: str, when: str) -> None:
    mail = webhook(kind="mail", more='to = "a@example.com"').replace('secret = { env = "LEADLINE_BERLIN_KEY" }\n', "")
    activated(database, mail)
    put(database, [row(1)])
    with mailing() as mailbox:
        assert worked(database, mailbox.url, step, when) == -9
        with database.transaction() as conn:  # its rate's clock goes on
            conn.exec_driver_sql("UPDATE destinations SET ready = 0")
        assert worked(database, mailbox.url) == 0
        assert len(mailbox.mails) == (1 if when == "before" and step == "send" else 2)
        assert len({each["Message-ID"] for each in mailbox.mails}) == 1
