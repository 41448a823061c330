"""What waits together goes together: rates, hours in which nothing is sent, and one destination beside another."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import orjson
import pytest

from consumers.notify.notifier import Notifier
from consumers.notify.parcel import Undeliverable
from store.database.database import Database
from store.ledger import signals_after
from tests.consumers.notifying import ENVIRONMENT, Notifying, activated, webhook
from tests.given_ledger import put, row
from tests.given_receivers import Answer, Receiver, receiving

FINE = Answer(200, b'{"errcode":0,"errmsg":"ok"}')


@pytest.fixture
def group() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: FINE
        yield receiver


def told(database: Database, group: Receiver, more: str = "") -> Notifying:
    (berlin,) = activated(database, webhook(kind="wecom", more=more))
    return Notifying(database, berlin, {"LEADLINE_BERLIN_URL": group.url})


def hot(position: int, name: str) -> dict[str, object]:
    return row(position, data=orjson.dumps({"person": {"name": name}}).decode())


def texts(group: Receiver) -> list[str]:
    return [request.json["text"]["content"] for request in group.requests]


def test_what_waits_beyond_a_rate_goes_as_one_digest_newest_first(database: Database, group: Receiver) -> None:
    berlin = told(database, group)
    put(database, [hot(1, "Ann")])
    berlin.work()
    put(database, [hot(2, "Ben"), hot(3, "Cid")])
    berlin.work(1)
    assert texts(group) == ["Hot lead: Ann"], "less than its interval is over"
    berlin.start()
    berlin.work(1)
    assert len(texts(group)) == 1, "a restart is no way around a rate"
    berlin.work(1.2)
    title, *lines = texts(group)[1].split("\n")
    assert title.startswith("2 messages from ")
    assert [line.partition("Hot lead: ")[2] for line in lines] == ["Cid", "Ben"]
    assert berlin.states() == [("delivered", 1)] * 3


def test_no_minute_has_more_than_twenty(database: Database, group: Receiver) -> None:
    berlin, sent = told(database, group), []
    for position in range(1, 200):
        put(database, [hot(position, f"No {position}")])
        before = len(group.requests)
        berlin.work(0.5)
        sent += [berlin.now] * (len(group.requests) - before)
    minute = 60_000_000
    assert max(sum(start <= at < start + minute for at in sent) for start in sent) <= 20
    assert {state for state, _ in berlin.states()} <= {"delivered", "waiting"}


def test_what_was_held_back_goes_as_one_digest(database: Database, group: Receiver) -> None:
    berlin = told(database, group, 'hold = { days = ["Mon"], from = "20:00", to = "08:00" }')  # it is Monday
    put(database, [hot(1, "Ann"), hot(2, "Ben")])
    berlin.work()
    put(database, [row(3, "lead.hot.retracted", closes=retracted(database, 1))])
    for _ in range(17):
        berlin.work(3600)
    assert texts(group) == [], "Tuesday begins, and it is before eight"
    berlin.work(3600)
    assert texts(group) == ["Hot lead: Ben"], "one of the two was retracted meanwhile"


def retracted(database: Database, position: int) -> str:
    with database.snapshot() as conn:
        return signals_after(conn, position - 1, 1)[0].id


def test_a_retraction_names_what_was_told(database: Database, group: Receiver) -> None:
    berlin = told(database, group, 'language = "zh"')
    ann = hot(1, "王芳")
    put(database, [ann])
    berlin.work()
    put(database, [row(2, "lead.hot.retracted", lead=ann["lead"], closes=ann["id"])])  # type: ignore[arg-type]
    berlin.work(4)
    assert texts(group)[0] == "热线索：王芳"
    assert texts(group)[1].startswith("不再是热线索：王芳\n使其变热的行为不再计入\n")
    assert texts(group)[1].endswith("曾通知：热线索：王芳")


def test_a_blocked_robot_is_left_alone_for_ten_minutes(database: Database, group: Receiver) -> None:
    (berlin,) = activated(database, webhook(kind="dingtalk"))
    chat = Notifying(database, berlin, {"LEADLINE_BERLIN_URL": group.url})
    group.answer = lambda request: Answer(200, b'{"errcode":130101,"errmsg":"send too fast"}')
    put(database, [hot(1, "Ann")])
    chat.work()
    chat.work(590)
    assert len(group.requests) == 1
    group.answer = lambda request: FINE
    chat.work(11)
    assert chat.states() == [("delivered", 2)]


def test_a_digest_that_is_refused_is_dead_as_a_whole(database: Database, group: Receiver) -> None:
    berlin = told(database, group)
    berlin.sender.send = lambda parcel: Undeliverable("no")  # type: ignore[method-assign]
    put(database, [hot(1, "Ann"), hot(2, "Ben")])
    berlin.work()
    assert berlin.states() == [("dead", 1)] * 2


def test_one_that_answers_nothing_slows_no_other(database: Database) -> None:
    with receiving() as silent, receiving() as quick:
        forever = threading.Event()
        silent.answer = lambda request: Answer(wait=forever)
        activated(database, webhook("silent") + webhook("quick"))
        addresses = {"LEADLINE_SILENT_URL": silent.url, "LEADLINE_QUICK_URL": quick.url}
        stop = threading.Event()
        notifier = Notifier(database, {**ENVIRONMENT, **addresses})
        thread = threading.Thread(target=notifier.run, args=(stop,), daemon=True)
        thread.start()
        put(database, [row(position) for position in range(1, 6)])
        until = time.monotonic() + 30
        while len(quick.requests) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        assert (len(quick.accepted()), len(silent.requests)) == (5, 1)
        forever.set()
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_another_label_is_read_in_the_next_message(database: Database, group: Receiver) -> None:
    chat = webhook(kind="wecom", more='on = ["segment.entered"]')
    segment = '[[segments]]\nname = "warm"\nlabel = "{}"\nwhen = {{ heat = {{ gte = 1 }} }}\n'
    activated(database, chat + segment.format("Warm ones"))
    stop = threading.Event()
    notifier = Notifier(database, {**ENVIRONMENT, "LEADLINE_BERLIN_URL": group.url})
    thread = threading.Thread(target=notifier.run, args=(stop,), daemon=True)
    thread.start()
    positions = count(1)
    for label in ("Warm ones", "Those to call"):
        activated(database, chat + segment.format(label))
        until = time.monotonic() + 60
        while not any(label in text for text in texts(group)) and time.monotonic() < until:
            put(database, [row(next(positions), "segment.entered", subject="warm")])
            time.sleep(0.5)
        assert any(label in text for text in texts(group)), texts(group)
    stop.set()
    thread.join(30)
