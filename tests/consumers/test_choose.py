"""Which signals a destination is told of: `where` asks what the signal bears, its source too."""

import uuid
from typing import Any

import orjson
import pytest

from consumers.notify.choose import choose
from domain.model.definition import Destination, parse_model
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.consumers.notifying import STAGES, webhook
from tests.given_ledger import AT

LEAD = uuid.UUID(int=7)
ADVERT = {"channel": "paid_search", "source": "baidu", "campaign": "spring", "since": "2026-01-01T00:00:00.000000Z"}
FAIR = {"channel": "event", "source": "hanover", "since": "2026-01-01T00:00:00.000000Z"}


def signal(kind: SignalKind, **data: Any) -> Signal:
    said = orjson.dumps(data).decode()
    return Signal(1, f"{LEAD}:{kind}:1", kind, LEAD, LEAD, data.get("segment", ""), Instant(AT), None, said, None)


def destination(where: str) -> Destination:
    more = f'on = ["lead.hot", "segment.entered", "stage.changed"]\nwhere = {where}'
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
