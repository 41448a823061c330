"""Laws of handing over: whatever happens, in whatever batches, a lead has one owner or none, and is waited for once."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.model.definition import parse_model
from domain.signals.kinds import ASSIGNED
from projections.upkeep.activation import activate
from projections.upkeep.rebuild import rebuild
from store.database.tables import deadlines, ledger, live, open_signals, owner_turns
from tests.domain.histories import law, side
from tests.projections.given_sales import MINUTE, MODEL, TEXT, Company, local, touchpoint

BEGIN = local(2026, 6, 1, 9)
HOUR = 60 * MINUTE
PEOPLE = ("e:a@x.test", "e:b@x.test", "e:c@x.test")
OWNERS = ("ana", "bo", "boss")

_ACTS = st.one_of(
    st.tuples(st.just("demo_requested"), st.sampled_from(PEOPLE), st.just({})),
    st.tuples(st.just("page_viewed"), st.sampled_from(PEOPLE), st.just({"path": "/a"})),
    st.tuples(st.just("score_reset"), st.sampled_from(PEOPLE), st.just({})),
    st.tuples(st.just("call_logged"), st.sampled_from(PEOPLE), st.just({"by": "ana"})),
    st.tuples(st.just("message_received"), st.sampled_from(PEOPLE), st.just({})),
    *(
        st.tuples(st.just(type), st.sampled_from(PEOPLE), st.sampled_from([{"owner": owner} for owner in OWNERS]))
        for type in ("owner_accepted", "owner_rejected", "owner_assigned")
    ),
    st.tuples(st.just("owner_rejected"), st.sampled_from(PEOPLE), st.just({"owner": "ana", "reason": "spam"})),
    st.tuples(st.just("stage_changed"), st.sampled_from(PEOPLE), st.sampled_from([{"to": "lead"}, {"to": "customer"}])),
    *(
        st.tuples(st.just(type), st.just(one), st.just(side(other)))
        for type in ("merged", "unmerged")
        for one, other in (PEOPLE[:2], PEOPLE[1:])
    ),
)
_STEPS = st.lists(st.tuples(_ACTS, st.sampled_from([1, 30, 60, 300, 1_500]), st.booleans()), min_size=3, max_size=14)
_OTHER_SALES = (
    MODEL,
    parse_model(TEXT.replace('name = "ana"', 'name = "ana"\nretired = true')),
    parse_model(
        TEXT.replace('accept_within = "4h"', 'accept_within = "1h"').replace('name = "bo"', 'name = "bo"\ncapacity = 1')
    ),
    parse_model(TEXT.replace('fallback = "boss"\n', "").replace('work_within = "8h"\n', "")),
)
_MEANWHILE = st.lists(st.sampled_from(["", "", "restart", *_OTHER_SALES]), min_size=14, max_size=14)
_LATE = st.lists(st.sampled_from([0, 0, 0, 5, 90, 600, 3_000]), min_size=14, max_size=14)
"""Minutes between a touchpoint and its delivery."""


def state(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    """All that is decided, and the read models."""
    with company.world.database.snapshot() as conn:
        return {
            table.name: sorted(tuple(map(str, row)) for row in conn.execute(select(table)))
            for table in (ledger, open_signals, deadlines, owner_turns, live.leads, live.scores)
        }


def check(company: Company) -> None:
    with company.world.database.snapshot() as conn:
        owned = {row.holder: row for row in conn.execute(select(open_signals)) if row.kind == ASSIGNED.value}
        leads = {row.lead: row for row in conn.execute(select(live.leads))}
        rows = conn.execute(select(deadlines)).all()
        said = conn.execute(select(ledger).where(ledger.c.kind == ASSIGNED.value).order_by(ledger.c.position)).all()
    assert owned.keys() <= leads.keys()
    for id, lead in leads.items():
        announced = owned[id].value if id in owned else None
        assert lead.owner == announced, (id, lead.owner, announced)
    waiting = [row for row in rows if row.state == "open" and row.kind == "accept"]
    assert all(number == 1 for number in Counter(row.signal for row in waiting if row.signal).values())
    assert {row.cause for row in waiting} <= {row.signal for row in owned.values()}
    assert all(row.lead in leads for row in rows if row.state == "open")
    reminding = [row for row in rows if row.kind == "follow_up" and row.state == "open"]
    assert all(row.owner is not None and row.owner == leads[row.lead].owner for row in reminding)
    # what subscribers hear adds up: what is closed was open, and the last word of each lead is who has it
    heard: dict[str, Any] = {}
    for row in said:
        if row.closes is not None:
            del heard[row.closes]
        if (owner := orjson.loads(row.data)["owner"]) is not None:
            heard[row.id] = owner
    assert sorted(heard) == sorted(row.signal for row in owned.values())


@law(80)
@given(_STEPS)
def test_a_lead_has_one_owner_or_none_and_each_hot_episode_is_waited_for_once(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company, clock, kept = Company(Path(folder), BEGIN), BEGIN, []
        for (type, name, said), minutes, now in steps:
            clock += minutes * MINUTE
            kept.append(touchpoint(clock, type, name, **said))
            if now:
                company.tell(kept, clock)
                kept = []
                check(company)
        company.tell(kept, clock)
        company.wait(clock + 24 * HOUR)
        check(company)
        before = state(company)
        company.world.restart()
        company.wait(clock + 24 * HOUR)
        rebuild(company.world.database, company.world.ids, company.world.model)
        company.world.project()
        assert state(company) == before
        company.close()


@law(60)
@given(_STEPS, _LATE, _MEANWHILE)
def test_the_same_holds_with_what_is_late_or_comes_twice_after_restarts_and_under_other_sales(
    steps: list[Any], late: list[int], meanwhile: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company, clock, twice = Company(Path(folder), BEGIN), BEGIN, []
        for ((type, name, said), minutes, again), delay, event in zip(steps, late, meanwhile, strict=False):
            clock += minutes * MINUTE
            delivered = [touchpoint(clock - delay * MINUTE, type, name, **said)]
            company.tell([*delivered, *twice], clock)
            twice = delivered if again else []
            if event == "restart":
                company.world.restart()
            elif event:
                activate(company.world.database, company.world.ids, event)
                company.world.model = event
            company.wait(clock)
            check(company)
        company.wait(clock + 24 * HOUR)
        check(company)
        before = state(company)
        rebuild(company.world.database, company.world.ids, company.world.model)
        company.world.project()
        assert state(company) == before
        company.close()
