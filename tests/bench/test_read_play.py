"""What `make bench-read` records: always the same, from wherever one goes on, and nothing that is refused."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from domain.touchpoints.envelope import ENVELOPES, decode
from tests.bench.read_play import YEAR, ReadPlay, costs, names_itself

_PLAY = ReadPlay(400, 4_000, datetime(2026, 3, 1, tzinfo=UTC))


def test_a_play_that_was_broken_off_goes_on_as_it_would_have() -> None:
    whole = list(_PLAY.envelopes())
    assert len(whole) == 4_000
    assert list(_PLAY.envelopes(1_234)) == whole[1_234:]


def test_every_envelope_is_one_and_they_are_in_order() -> None:
    whole = list(_PLAY.envelopes())
    assert len(ENVELOPES.validate_json(b"[" + b",".join(whole) + b"]")) == 4_000
    instants = [decode(value).instant for value in whole]
    assert all(before < after for before, after in pairwise(instants))
    first, end = (datetime.fromtimestamp(instants[n] / 1e6, UTC) for n in (0, -1))
    assert first == _PLAY.until - YEAR and end < _PLAY.until


def test_every_lead_comes_and_all_that_reports_are_about_is_in_it() -> None:
    told = [json.loads(value) for value in _PLAY.envelopes()]
    people = Counter(each["identities"][-1]["value"] for each in told)
    assert len(people) == _PLAY.leads
    named = {each["identities"][-1]["value"] for each in told if len(each["identities"]) > 1}
    assert named <= {f"cookie-{lead}" for lead in range(_PLAY.leads) if names_itself(lead)}
    types = {each["type"] for each in told}
    assert {"email_sent", "email_opened", "email_clicked", "order_placed", "stage_changed", "form_submitted"} <= types
    assert {each["properties"]["currency"] for each in told if each["type"] == "order_placed"} == {"EUR", "USD"}


def test_costs_are_of_the_days_of_the_play() -> None:
    head, *lines = costs(_PLAY.until)
    assert head == "channel,campaign,day,amount,currency"
    days = {line.split(",")[2] for line in lines}
    assert min(days) == f"{_PLAY.until - YEAR:%Y-%m-%d}" and max(days) == f"{_PLAY.until - timedelta(days=1):%Y-%m-%d}"
