"""Handing over: who gets a lead that became hot, what is waited for, and what is said when that did not happen. Pure.

It is decided, once, and written with the signals: the same look again decides nothing. What owners and staff do about
it are facts in the lead's history, which the fold has put into its state.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from domain.files.durations import DAY
from domain.fold.fold import Fold
from domain.fold.handover import Handover
from domain.model.owners import Owner
from domain.signals.deadlines import OWN, Deadline, DeadlineKind, DeadlineState
from domain.signals.kinds import ASSIGNED, FOLLOW_UP, GONE, HOT, MISSED, MODEL, REJECTED, RETRACTED, STAGE, SignalKind
from domain.signals.look import OWNER, Look, cause_of, contact_since, contacts_of, done_late, is_of
from domain.signals.rules import SalesRules
from domain.signals.signal import Change, Decision, Holding, Kept, Open, Opened, end
from domain.signals.turns import Turns, facts_of
from domain.touchpoints.touchpoint import Instant, Touchpoint, instant_of

LATE: Final = DAY
"""What happened so long before the look (microseconds), as an import tells it, asks nobody for anything any more."""
BY_HAND: Final = "by_hand"
"""Reason of an assignment: a person said so."""
TURN: Final = "hot"
"""Reason of an assignment: the lead is hot, and it is this owner's turn."""
PASSED_ON: Final = "missed"
"""Reason of an assignment: the owner before did not accept in time."""

HISTORY: Final = "history"
"""Reason of an assignment: it came with the touchpoints of a merge, or went with those of an unmerge."""
REMINDER: Final = "reminder_set"
"""The touchpoint by which staff sets a reminder."""

_BY_STAGE: Final = "stage/"
"""How the cause of a follow-up begins that a stage asks for."""


class HandingOver:
    """Decides for one lead after another, at one clock."""

    def __init__(self, fold: Fold, rules: SalesRules, zone: str, turns: Callable[[], Turns], clock: Instant) -> None:
        """`zone` is the model's; `turns` says whose turn it was so far, when the first lead is given to somebody."""
        self._fold = fold
        self._rules = rules
        self._sales = rules.sales
        self._zone = zone
        self._turns = turns
        self._clock = clock

    def look(
        self,
        holding: Holding,
        opened: Opened,
        deadlines: Sequence[Deadline],
        news: Sequence[Touchpoint],
        changes: Sequence[Change],
    ) -> Look:
        """What becomes of a lead. `news` are touchpoints that ask for something, or by which staff was in touch.

        Raises NoHours.
        """
        known = {deadline.key: deadline for deadline in deadlines}
        contacts = contacts_of(holding.lead, news, self._clock)
        look = Look(holding, opened.get(OWNER), known, list(changes), contacts)
        self._take_facts(look)
        self._drop(look)
        self._assign(look)
        self._work(look)
        self._answer(look, news)
        self._follow_up(look, news)
        self._count(look)
        return look

    # ---- who has it --------------------------------------------------------------------------------------------

    def _take_facts(self, look: Look) -> None:
        """What the history says of who has it: it arrived, it is gone, nobody has it any more, or somebody accepted.

        What was announced is on its way into the history (`since` 0) until it is seen there; from then on that counts.
        """
        owned, lead = look.owned, look.holding.lead
        if owned is None:
            return
        fact, rejection = lead.owner, lead.rejection
        if not lead.identified:
            self._end(look, owned, end(owned, None, look.holding.id, GONE))
        elif fact is None and rejection is not None and rejection.at >= (owned.since or owned.at):
            self._settle(look, DeadlineKind.ACCEPT, owned, rejection.at, rejection.owner)
            data = {"owner": None, "due": None, "before": owned.value, "reason": REJECTED, "rejected": rejection.reason}
            self._end(look, owned, self._assigned(look, data))
        elif fact is None and owned.since:
            self._end(look, owned, end(owned, lead, look.holding.id, GONE))
        elif fact is not None and fact.assigned == owned.signal and not owned.since:
            look.owned = replace(owned, since=fact.since)
            look.changes.append(Kept(owned.place, look.owned))
        current = look.owned
        if current is not None and fact is not None and fact.since == current.since and fact.accepted_at is not None:
            self._settle(look, DeadlineKind.ACCEPT, current, fact.accepted_at, fact.by)

    def _settle(self, look: Look, kind: DeadlineKind, owned: Open, at: int, by: str) -> None:
        """What was asked of who has the lead is done, in time or after it was missed; in time it leads to the next."""
        deadline = look.deadlines.get((kind, owned.signal or ""))
        if deadline is None or deadline.settled is not None or deadline.state == DeadlineState.DROPPED:
            return
        if deadline.open and at <= deadline.due:
            look.put(replace(deadline, state=DeadlineState.KEPT, settled=at, by=by))
        elif not deadline.open:
            look.put(replace(deadline, settled=at, by=by))

    def _end(self, look: Look, owned: Open, decision: Decision) -> None:
        """Nobody has the lead any more."""
        look.changes.append(decision)
        look.owned = None
        self._nobody_waits(look, owned)

    def _nobody_waits(self, look: Look, owned: Open) -> None:
        """Nothing is asked any more of who had the lead."""
        for deadline in look.open(DeadlineKind.ACCEPT, DeadlineKind.WORK):
            if deadline.cause == owned.signal:
                look.put(replace(deadline, state=DeadlineState.DROPPED))

    def _assign(self, look: Look) -> None:
        """Who gets the lead, if anything says that somebody else does, or the same one anew: at most one a look."""
        holding, owned = look.holding, look.owned
        hot = next((place for place, each in enumerate(look.changes) if is_of(each, HOT)), None)
        fact = holding.lead.owner
        if fact is not None and owned is not None and not owned.since and fact.since < owned.at:
            fact = None
        current = fact.owner if fact is not None else None if owned is None else owned.value
        if hot is not None and self._sales.owners:
            self._for_hot(look, hot, current)
        elif fact is not None and (owned is None or fact.owner != owned.value):
            self._said(look, fact)
        elif (missed := self._missed(look)) is not None:
            self._pass_on(look, missed)

    def _for_hot(self, look: Look, place: int, current: str | None) -> None:
        """A lead that was announced as hot is handed over; one that has an owner keeps them."""
        announced = look.changes[place]
        assert isinstance(announced, Decision)
        data: dict[str, Any]
        if current is not None:
            owner = self._sales.owner(current)
            data = {"owner": current, "due": self._due(owner, self._clock, self._sales.accept_within)}
        else:
            turn = self._turns().take(facts_of(self._fold, look.holding.lead, self._clock), self._clock)
            if turn is None:
                return
            data = {"owner": turn.owner, "due": turn.due} | ({"fallback": True} if turn.fallback else {})
        told = {name: data[name] for name in ("owner", "due", "fallback") if name in data}
        look.changes[place] = replace(announced, data={**announced.data, **told})
        look.changes.insert(place + 1, self._give(look, data | {"reason": TURN}))

    def _pass_on(self, look: Look, missed: Deadline) -> None:
        """Who was to accept did not: the next one gets the lead, if there is one who had no turn of this episode."""
        passed = {
            each.owner
            for each in look.deadlines.values()
            if each.kind == DeadlineKind.ACCEPT and each.signal == missed.signal and each.owner is not None
        }
        turn = self._turns().take(facts_of(self._fold, look.holding.lead, self._clock), self._clock, passed)
        self._tell_missed(look, missed, {} if turn is None else {"next": turn.owner})
        if turn is not None:
            told: dict[str, Any] = {"fallback": True} if turn.fallback else {}
            told |= {"hot": missed.signal} if missed.signal is not None else {}
            look.changes.append(self._give(look, {"owner": turn.owner, "due": turn.due, "reason": PASSED_ON} | told))

    def _said(self, look: Look, fact: Handover) -> None:
        """A person assigned it, or a history with an owner came here or was taken out."""
        data: dict[str, Any] = {"owner": fact.owner, "due": fact.due, "reason": BY_HAND}
        if fact.assigned:
            waits = fact.accepted_at is None and fact.due is not None and fact.due > self._clock
            data |= {"due": fact.due if waits else None, "reason": HISTORY}
        elif fact.due is None:
            owner = self._sales.owner(fact.owner)
            data["due"] = self._due(owner, self._clock, self._sales.accept_within)
        look.changes.append(self._give(look, data, fact.since))

    def _give(self, look: Look, data: dict[str, Any], since: int = 0) -> Decision:
        owned = look.owned
        if owned is not None:
            self._nobody_waits(look, owned)
        return self._assigned(look, data | {"before": None if owned is None else owned.value}, since)

    def _assigned(self, look: Look, data: dict[str, Any], since: int = 0) -> Decision:
        holding, owned = look.holding, look.owned
        under = holding.id if owned is None else owned.lead
        owner = data["owner"] or ""
        waits = bool(owner) and self._counts(look)
        return Decision(ASSIGNED, under, holding.id, "", owned, data, owner, since, waits)

    def _counts(self, look: Look) -> bool:
        """Whether the lead counts among those that its owner has at once."""
        return look.holding.lead.stage not in self._fold.ladder.without_hot

    def _count(self, look: Look) -> None:
        owned = look.owned
        closed = any(is_of(change, ASSIGNED) for change in look.changes)
        if owned is not None and not closed and owned.waits != self._counts(look):
            look.changes.append(Kept(owned.place, replace(owned, waits=not owned.waits)))

    # ---- what is waited for ------------------------------------------------------------------------------------

    def _drop(self, look: Look) -> None:
        """A retraction ends the wait; so do a stage in which nobody is hot, and whatever gave the lead to another."""
        retracted = {
            change.closes.signal for change in look.changes if is_of(change, RETRACTED) and change.closes is not None
        }
        current = look.owned.signal if look.owned is not None and self._counts(look) else None
        for deadline in look.open(DeadlineKind.ACCEPT, DeadlineKind.WORK):
            if deadline.cause != current or (deadline.kind == DeadlineKind.ACCEPT and deadline.signal in retracted):
                look.put(replace(deadline, state=DeadlineState.DROPPED))

    def _missed(self, look: Look) -> Deadline | None:
        """Whoever did not accept in time."""
        for deadline in look.open(DeadlineKind.ACCEPT):
            if deadline.due <= self._clock:
                missed = replace(deadline, state=DeadlineState.MISSED)
                look.put(missed)
                return missed
        return None

    def _work(self, look: Look) -> None:
        """Who accepted does something about it, within so long."""
        lead, owned = look.holding.lead, look.owned
        if owned is None or owned.signal is None:
            return
        key = (DeadlineKind.WORK, owned.signal)
        accepted = look.deadlines.get((DeadlineKind.ACCEPT, owned.signal))
        within = self._sales.work_within
        if within and accepted is not None and accepted.settled is not None and key not in look.deadlines:
            fact = lead.owner
            if fact is not None and fact.owner == owned.value and fact.accepted_at is not None:
                asked = fact.accepted_at
                due = self._due(self._sales.owner(owned.value), Instant(asked), within)
                work = Deadline(*key, look.holding.id, owned.value, accepted.signal, asked, due)
                called = contact_since(look, accepted)  # they may call first, and accept then
                if called is not None and called[0] < asked:
                    work = replace(work, state=DeadlineState.KEPT, settled=asked, by=called[1] or None)
                look.put(work)
        for deadline in look.open(DeadlineKind.WORK):
            self._contacted(look, deadline)
        done_late(look, DeadlineKind.WORK, owned.signal)

    def _contacted(self, look: Look, deadline: Deadline) -> None:
        """Settle what a call, a meeting or a message of staff settles."""
        contact = contact_since(look, deadline)
        if contact is not None and contact[0] <= deadline.due:
            look.put(replace(deadline, state=DeadlineState.KEPT, settled=contact[0], by=contact[1] or None))
        elif deadline.due <= self._clock:
            settled, by = contact or (None, "")
            missed = replace(deadline, state=DeadlineState.MISSED, settled=settled, by=by or None)
            look.put(missed)
            self._tell_missed(look, missed, {})

    def _answer(self, look: Look, news: Sequence[Touchpoint]) -> None:
        """What asks for an answer: one is waited for at a time, the one that was asked first."""
        for deadline in look.open(DeadlineKind.ANSWER):
            self._contacted(look, deadline)
        done_late(look, DeadlineKind.ANSWER)
        for touchpoint, within in self._asking(look, news):
            asked, key = touchpoint.instant, (DeadlineKind.ANSWER, cause_of(touchpoint))
            before = (each for each in look.deadlines.values() if each.kind == DeadlineKind.ANSWER)
            if key not in look.deadlines and not any(each.waits_at(asked) for each in before):
                owner = self._owner_of(look)
                due = self._due(self._sales.owner(owner), asked, within)
                look.put(Deadline(*key, look.holding.id, owner, None, asked, due))
                self._contacted(look, look.deadlines[key])

    def _asking(self, look: Look, news: Sequence[Touchpoint]) -> Iterator[tuple[Touchpoint, int]]:
        lead = look.holding.lead
        for touchpoint in news:
            if (enquiry := self._rules.enquiry(touchpoint, lead)) is not None:
                yield touchpoint, enquiry.within

    def _follow_up(self, look: Look, news: Sequence[Touchpoint]) -> None:
        """Reminders that somebody set, and those that a stage asks for."""
        for deadline in [*self._by_stage(look), *self._by_person(look, news)]:
            if deadline.key not in look.deadlines and deadline.due > self._clock - LATE:
                look.put(deadline)
        for deadline in look.open(DeadlineKind.FOLLOW_UP):
            contact = None if deadline.own else contact_since(look, deadline)
            if contact is not None and contact[0] <= deadline.due:
                by = contact[1] or None
                look.put(replace(deadline, state=DeadlineState.DROPPED, settled=contact[0], by=by))
            elif deadline.cause.startswith(_BY_STAGE) and not self._still(look, deadline):
                look.put(replace(deadline, state=DeadlineState.DROPPED))
            elif deadline.due <= self._clock:
                look.put(replace(deadline, state=DeadlineState.MISSED))
                owner = deadline.owner if deadline.own else self._owner_of(look)
                data = {"owner": owner, "asked": deadline.asked, "due": deadline.due, "note": deadline.note}
                look.changes.append(self._tell(look, FOLLOW_UP, "", data))

    def _by_stage(self, look: Look) -> Iterator[Deadline]:
        """What the stage asks of an owner: who got the lead in it, or had it when it came there."""
        owner, entry = self._owner_of(look), look.holding.lead.stages[-1:]
        within = self._sales.remind_after.get(entry[0].stage) if owner is not None and entry else None
        if within is None:
            return
        given = next((each for each in look.changes if is_of(each, ASSIGNED) and _is_new(each)), None)
        entered = any(is_of(each, STAGE) and each.data.get("reason") != MODEL for each in look.changes)
        if given is not None or entered:
            got = 0 if given is None else given.since or self._clock
            asked = Instant(max(entry[0].at, got))
            cause = f"{_BY_STAGE}{look.holding.id}/{entry[0].stage}/{asked}"
            due = self._due(self._sales.owner(owner), asked, within)
            yield Deadline(DeadlineKind.FOLLOW_UP, cause, look.holding.id, owner, None, asked, due)

    def _still(self, look: Look, deadline: Deadline) -> bool:
        """Whether who was to follow up still has the lead, in the stage that asked for it."""
        theirs = deadline.owner is not None and deadline.owner == self._owner_of(look)
        return theirs and all(entry.at <= deadline.asked for entry in look.holding.lead.stages[-1:])

    def _by_person(self, look: Look, news: Sequence[Touchpoint]) -> Iterator[Deadline]:
        for touchpoint in news:
            if touchpoint.type == REMINDER and (due := instant_of(touchpoint.properties.get("at"))) is not None:
                note, whose = touchpoint.properties.get("note"), touchpoint.properties.get("owner")
                own = OWN if isinstance(whose, str) else ""
                yield Deadline(
                    DeadlineKind.FOLLOW_UP, own + cause_of(touchpoint), look.holding.id,
                    whose if own else self._owner_of(look), None, touchpoint.instant, due,
                    note=note if isinstance(note, str) else None,
                )  # fmt: skip

    def _due(self, owner: Owner | None, start: Instant, length: int) -> Instant:
        return self._sales.due(self._zone, owner, start, length)

    # ---- what is said ------------------------------------------------------------------------------------------

    def _owner_of(self, look: Look) -> str | None:
        """Who has the lead after this look."""
        given = [change.value for change in look.changes if is_of(change, ASSIGNED)]
        return (given[-1] if given else look.owned.value if look.owned is not None else "") or None

    def _tell_missed(self, look: Look, missed: Deadline, more: dict[str, str]) -> None:
        data = {"deadline": missed.kind.value, "owner": missed.owner, "asked": missed.asked, "due": missed.due}
        hot = {"hot": missed.signal} if missed.signal is not None else {}
        look.changes.append(self._tell(look, MISSED, missed.kind.value, data | hot | more))

    def _tell(self, look: Look, kind: SignalKind, subject: str, data: dict[str, Any]) -> Decision:
        holding, owned = look.holding, look.owned
        return Decision(kind, holding.id if owned is None else owned.lead, holding.id, subject, None, data)


def _is_new(assigned: Decision) -> bool:
    """Whether somebody got the lead who had it in no part of its history."""
    return assigned.data["reason"] != HISTORY and assigned.value not in ("", assigned.data["before"])
