"""Which signals a destination is told of: `where` asks what the signal bears, its source too."""

import uuid
from typing import Any

import orjson
import pytest

from consumers.notify.choose import choose
from domain.model.definition import Destination, parse_model
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.deliveries import Delivery, State
from store.ledger import Signal
from tests.consumers.notifying import STAGES, webhook
from tests.given_ledger import AT

LEAD = uuid.UUID(int=7)
ADVERT = {"channel": "paid_search", "source": "baidu", "campaign": "spring", "since": "2026-01-01T00:00:00.000000Z"}
FAIR = {"channel": "event", "source": "hanover", "since": "2026-01-01T00:00:00.000000Z"}


def signal(kind: SignalKind, **data: Any) -> Signal:
    said = orjson.dumps(data).decode()
    return Signal(1, f"{LEAD}:{kind}:1", kind, LEAD, LEAD, data.get("segment", ""), Instant(AT), None, said, None)


def known(first: Signal, state: State = "delivered") -> dict[str, Delivery]:
    """What became of a signal at the destination."""
    return {first.id: Delivery("berlin", first.id, 1, LEAD, state, 1, Instant(AT), False, "", Instant(AT))}


def destination(where: str) -> Destination:
    kinds = ["lead.hot", "lead.cooled", "segment.entered", "segment.left", "stage.changed"]
    more = f"on = {orjson.dumps(kinds).decode()}\nwhere = {where}"
    segments = '[[segments]]\nname = "vip"\nwhen = { heat = { gte = 1 } }\n'
    (berlin,) = parse_model(STAGES + segments + webhook(more=more)).destinations
    return berlin


@pytest.mark.parametrize("kind", [SignalKind.HOT, SignalKind.ENTERED, SignalKind.STAGE])
@pytest.mark.parametrize(
    ("where", "source", "chosen"),
    [
        ('{ source.channel = ["paid_search", "event"] }', ADVERT, True),
        ('{ source.channel = ["paid_search", "event"] }', FAIR, True),
        ('{ source.channel = "email" }', ADVERT, False),
        ('{ source.channel = "paid_search", source.campaign = "spring" }', ADVERT, True),
        ('{ "source.campaign" = { starts_with = "spr" } }', ADVERT, True),
        ('{ "source.campaign" = "spring" }', FAIR, False),
        ('{ source.channel = "direct" }', None, True),
        ('{ source.channel = "direct" }', ADVERT, False),
        ('{ not = { source.channel = "paid_search" } }', None, True),
    ],
)
def test_the_source_is_the_last_one_and_direct_where_nobody_knows_it(
    kind: SignalKind, where: str, source: dict[str, str] | None, chosen: bool
) -> None:
    told = signal(kind, first_source=FAIR, last_source=source, to="lead", segment="vip")
    assert choose(destination(where), [told], {}, {}).send == [told] * chosen


def test_what_bears_no_source_has_none_at_all() -> None:
    gone = signal(SignalKind.STAGE, to="visitor", reason="gone")
    assert choose(destination('{ source.channel = "direct" }'), [gone], {}, {}).send == []


def test_a_segment_is_asked_by_its_name() -> None:
    vip, other = signal(SignalKind.ENTERED, segment="vip"), signal(SignalKind.ENTERED, segment="other")
    assert choose(destination('{ segment = "vip" }'), [vip, other], {}, {}).send == [vip]


@pytest.mark.parametrize(
    ("begins", "ends"), [(SignalKind.ENTERED, SignalKind.LEFT), (SignalKind.HOT, SignalKind.COOLED)]
)
def test_who_was_told_that_it_began_is_told_of_its_end_whatever_the_lead_has_become(
    begins: SignalKind, ends: SignalKind
) -> None:
    first = signal(begins, segment="vip", grade="A", last_source=ADVERT)
    end = signal(ends, segment="vip", grade="C", last_source=FAIR)._replace(closes=first.id)
    for where in ('{ source.channel = "paid_search" }', '{ grade = "A" }'):
        berlin = destination(where)
        for state in ("delivered", "waiting"):
            assert choose(berlin, [end], {first.id: first}, known(first, state)).send == [end]
        assert choose(berlin, [first, end], {first.id: first}, {}).send == [first, end]
        assert choose(berlin, [end], {first.id: first}, {}).send == []


def test_a_stage_is_news_and_no_mere_end_of_the_one_before() -> None:
    first = signal(SignalKind.STAGE, to="lead", grade="A")
    second = signal(SignalKind.STAGE, to="customer", grade="C")._replace(closes=first.id)
    assert choose(destination('{ grade = "A" }'), [second], {first.id: first}, known(first)).send == []
