"""The courier on real parts: a ledger with signals, and a receiver that verifies and drops repeats."""

import threading
import uuid
from collections.abc import Iterator

import orjson
import pytest

from consumers.notify import courier
from consumers.notify.parcel import note_of
from domain.errors import Fenced
from domain.signals.answer_link import Links
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store import deliveries
from store.database.database import Database
from store.database.errors import DatabaseAway
from store.ledger import Signal
from tests.consumers.notifying import Notifying, activated, webhook
from tests.given_ledger import AT, put, row
from tests.given_receivers import Answer, Receiver, Request, receiving

LEAD = uuid.UUID(int=7)
HOT = {"person": {"name": "Wang Fang", "email": "w@example.com"}, "grade": "A"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def told(database: Database, receiver: Receiver, more: str = "") -> Notifying:
    (berlin,) = activated(database, webhook(more=more))
    return Notifying(database, berlin, {"LEADLINE_BERLIN_URL": receiver.url})


def data(**values: object) -> str:
    return orjson.dumps(values).decode()


def ids(receiver: Receiver) -> list[str]:
    return [each["data"]["id"] for each in receiver.accepted()]


def test_a_signal_arrives_signed_with_its_id_as_the_key(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver, 'fields = ["name"]')
    hot = row(1, data=data(**HOT))
    put(database, [hot, row(2, "segment.entered")])
    berlin.work()
    (said,) = receiver.accepted()
    assert (said["type"], said["data"]["id"]) == ("lead.hot", hot["id"])
    assert said["data"]["lead"] == str(hot["lead"])
    assert said["data"]["person"] == {"name": "Wang Fang"}, "the e-mail is not among the fields that may leave"
    assert receiver.requests[0].headers["webhook-id"] == hot["id"]
    assert berlin.states() == [("delivered", 1)]
    assert berlin.place().last_success == berlin.now


def test_what_is_handed_over_links_to_the_lead_and_keeps_what_may_not_leave() -> None:
    told = Signal(1, "x", SignalKind.HOT, LEAD, LEAD, "", Instant(AT), None, data(**HOT), None)
    said = note_of(told, frozenset({"name"}), links=Links("https://leads.example.com")).message()
    assert said["link"] == f"https://leads.example.com/leads/{LEAD}"
    assert said["person"] == {"name": "Wang Fang"}


def test_a_kill_after_the_hand_over_sends_the_same_id_again(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    berlin = told(database, receiver)
    put(database, [row(1)])
    with monkeypatch.context() as killed, pytest.raises(DatabaseAway):
        killed.setattr(deliveries, "delivered", gone)
        berlin.work()
    berlin.start()
    berlin.work()
    assert len(receiver.requests) == 2
    assert len(receiver.accepted()) == 1, "a receiver that honours the key hears of it once"
    assert berlin.states() == [("delivered", 2)]


@pytest.mark.parametrize("step", ["take_in", "hand_over"])
def test_a_kill_before_the_hand_over_loses_nothing(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    berlin = told(database, receiver)
    put(database, [row(1)])
    with monkeypatch.context() as killed, pytest.raises(DatabaseAway):
        killed.setattr(deliveries, step, gone)
        berlin.work()
    assert receiver.requests == []
    berlin.start()
    berlin.work()
    assert len(receiver.accepted()) == 1


def gone(*_: object, **__: object) -> None:
    raise DatabaseAway("killed")


def test_of_two_that_took_the_same_signals_one_is_fenced(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    put(database, [row(1)])
    with database.transaction() as conn:
        deliveries.take_in(conn, "berlin", 1, 0, [])
    with pytest.raises(Fenced), database.transaction() as conn:
        deliveries.take_in(conn, "berlin", 1, 0, [])
    berlin.work()
    assert receiver.requests == []


def test_what_fails_keeps_its_lead_waiting_and_no_other(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver, 'on = ["lead.hot", "segment.entered"]')
    first, second, other = row(1, lead=LEAD), row(2, "segment.entered", lead=LEAD), row(3)
    put(database, [first, second, other])
    receiver.answer = lambda request: Answer(500 if first["id"].encode() in request.body else 200)
    berlin.work()
    assert berlin.states() == [("waiting", 1), ("waiting", 0), ("waiting", 0)], "after a failure it pauses"
    berlin.work(1.1)
    assert berlin.states() == [("waiting", 1), ("waiting", 0), ("delivered", 1)]
    receiver.answer = lambda request: Answer()
    berlin.work(3)
    assert berlin.states() == [("delivered", 2), ("delivered", 1), ("delivered", 1)]
    assert [request.json["data"]["id"] for request in receiver.requests][-2:] == [first["id"], second["id"]]


@pytest.mark.parametrize(
    ("answer", "in_doubt"),
    [(Answer(500), False), (Answer(404), False), (Answer(close=True), True),
     (Answer(301, headers={"Location": "http://127.0.0.1:1/"}), False)],
)  # fmt: skip
def test_what_is_no_success_is_tried_again(
    database: Database, receiver: Receiver, answer: Answer, in_doubt: bool
) -> None:
    berlin = told(database, receiver)
    hot = row(1)
    put(database, [hot])
    receiver.answer = lambda request: answer
    berlin.work()
    with database.snapshot() as conn:
        kept = deliveries.of_signals(conn, "berlin", [hot["id"]])[hot["id"]]
    assert (kept.state, kept.attempts, kept.in_doubt) == ("waiting", 1, in_doubt)
    receiver.answer = lambda request: Answer()
    berlin.work(3)
    assert berlin.states() == [("delivered", 2)]


def test_a_receiver_that_says_when_is_left_alone_until_then(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    put(database, [row(1), row(2)])
    receiver.answer = lambda request: Answer(429, headers={"Retry-After": "120"})
    berlin.work()
    berlin.work(100)
    assert len(receiver.requests) == 1
    receiver.answer = lambda request: Answer()
    berlin.start()
    berlin.work(21)
    assert [state for state, _ in berlin.states()] == ["delivered", "delivered"]


def test_a_message_that_is_refused_is_dead_at_once_and_can_be_replayed(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    put(database, [row(1), row(2)])
    receiver.answer = lambda request: Answer(400, b"no such field")
    berlin.work()
    assert berlin.states() == [("dead", 1), ("dead", 1)]
    with database.snapshot() as conn:
        assert {letter.outcome for letter in deliveries.dead_letters(conn, 10)} == {"400 no such field"}
    receiver.answer = lambda request: Answer()
    with database.transaction() as conn:
        assert deliveries.replay(conn, berlin.now, "berlin") == (2, 0)
    berlin.work()
    assert berlin.states() == [("delivered", 1), ("delivered", 1)]


def test_it_is_given_up_after_three_days(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    put(database, [row(1)])
    receiver.answer = lambda request: Answer(500)
    for _ in range(30):
        berlin.work(9 * 3600)
    assert berlin.states() == [("dead", 18)]
    assert len(receiver.requests) == 18


def retraction(position: int, hot: dict[str, object], **more: object) -> dict[str, object]:
    return row(position, "lead.hot.retracted", lead=hot["lead"], closes=hot["id"], data=data(**more))  # type: ignore[arg-type]


def test_retracted_before_delivery_cancels(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    hot, other = row(1), row(2)
    put(database, [hot, other, retraction(3, hot)])
    berlin.work()
    assert ids(receiver) == [other["id"]]
    receiver.answer = lambda request: Answer(500)
    late = row(4)
    put(database, [late])
    berlin.work()
    put(database, [retraction(5, late)])
    receiver.answer = lambda request: Answer()
    berlin.work(3)
    assert berlin.states() == [("delivered", 1), ("canceled", 1)]


def test_retracted_after_delivery_follows_whatever_is_asked_for(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver, 'on = ["lead.hot"]\nwhere = { grade = "A" }')
    hot, unknown = row(1, data=data(grade="A")), row(2, data=data(grade="B"))
    put(database, [hot, unknown])
    berlin.work()
    put(database, [retraction(3, hot), retraction(4, unknown)])
    berlin.work()
    assert [each["type"] for each in receiver.accepted()] == ["lead.hot", "lead.hot.retracted"]
    assert receiver.accepted()[1]["data"]["closes"] == hot["id"]


def test_retracted_while_nobody_knows_whether_it_arrived_sends_both(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    hot = row(1)
    put(database, [hot])
    receiver.answer = lambda request: Answer(close=True)
    berlin.work()
    put(database, [retraction(2, hot)])
    receiver.answer = lambda request: Answer()
    berlin.work(3)
    assert [each["type"] for each in receiver.accepted()] == ["lead.hot", "lead.hot.retracted"]


def test_what_only_another_model_brought_about_is_left_out_unless_asked_for(
    database: Database, receiver: Receiver
) -> None:
    berlin = told(database, receiver, 'on = ["segment.entered"]')
    entered = row(1, "segment.entered", data=data(segment="new", reason="model"))
    put(database, [entered])
    berlin.work()
    assert receiver.requests == []
    activated(database, webhook("bonn", 'on = ["segment.entered"]\nmodel_changes = true'))
    (bonn,) = activated(database, webhook("bonn", 'on = ["segment.entered"]\nmodel_changes = true'))
    put(database, [row(2, "segment.entered", data=data(segment="new", reason="model"))])
    Notifying(database, bonn, {"LEADLINE_BONN_URL": receiver.url}).work()
    assert len(receiver.requests) == 1


def test_a_new_destination_hears_of_what_is_announced_from_its_activation_on(
    database: Database, receiver: Receiver
) -> None:
    put(database, [row(1)])
    berlin = told(database, receiver)
    new = row(2)
    put(database, [new])
    berlin.work()
    assert ids(receiver) == [new["id"]]
    activated(database, "")
    put(database, [row(3)])
    again = told(database, receiver)
    again.work()
    assert ids(receiver) == [new["id"]], "nor of what was announced while it was not there"


def test_held_back_until_the_hours_end(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver, 'hold = { from = "00:00", to = "23:00" }')  # the clock stands at 14:13 UTC
    put(database, [row(1)])
    berlin.work()
    berlin.work(3600)
    assert receiver.requests == []
    berlin.work(8 * 3600)
    assert len(receiver.accepted()) == 1


def test_a_private_address_is_connected_to_only_where_that_is_allowed(database: Database) -> None:
    (berlin,) = activated(database, webhook().replace("allow_private = true", ""))
    named = Notifying(database, berlin, {"LEADLINE_BERLIN_URL": "https://localhost:1/"})
    hot = row(1)
    put(database, [hot])
    named.work()
    with database.snapshot() as conn:
        kept = deliveries.of_signals(conn, "berlin", [hot["id"]])[hot["id"]]
    assert "allow_private" in kept.outcome
    assert (kept.state, kept.in_doubt) == ("waiting", False)


def test_a_fault_of_ours_ends_its_message_alone(database: Database, receiver: Receiver) -> None:
    berlin = told(database, receiver)
    put(database, [row(1), row(2)])
    send, broken = berlin.sender.send, iter([True, False])

    def faulty(parcel: object) -> object:
        if next(broken):
            raise KeyError("a template")
        return send(parcel)  # type: ignore[arg-type]

    berlin.sender.send = faulty  # type: ignore[method-assign, assignment]
    berlin.work()
    assert berlin.states() == [("dead", 1), ("delivered", 1)]


def test_it_delivers_while_elected_and_stops_when_told(database: Database, receiver: Receiver) -> None:
    (berlin,) = activated(database, webhook())
    put(database, [row(1)])
    sender = Notifying(database, berlin, {"LEADLINE_BERLIN_URL": receiver.url}).sender
    stop, arrived = threading.Event(), threading.Event()

    def answer(_: Request) -> Answer:
        arrived.set()
        return Answer()

    receiver.answer = answer
    works = courier.Courier(database, berlin, sender, courier.moment(0).tzinfo)  # type: ignore[arg-type, attr-defined]
    thread = threading.Thread(target=works.run, args=(stop,), daemon=True)
    thread.start()
    assert arrived.wait(30)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
