"""`[sales]` of the model file: owners, hours, calendars; every problem at once; no part of the model's version."""

from datetime import date, time

import pytest

from domain.model.definition import ModelError, parse_model
from domain.model.hours import Span
from domain.model.owners import Away

HOUR = 3_600_000_000
MODEL = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
"""
SALES = """
[sales]
calendar = "CN"
holidays = ["2027-02-05"]
hours = [
  { days = ["Mon", "Fri"], from = "13:00", to = "24:00" },
  { days = ["Mon"], from = "09:00", to = "12:00" },
]
accept_within = "2h"
fallback = "ana"
[[sales.owners]]
name = "ana"
email = "ana@example.com"
mention = { wecom = "13800000000" }
where = { profile.country = "CN", grade = ["A", "B"], source.channel = "event" }
away = [["2026-12-21", "2027-01-02"]]
calendar = "HK"
[[sales.owners]]
name = "bo"
weight = 2
capacity = 20
retired = true
[[sales.owners]]
name = "north"
members = ["bo"]
"""


def test_owners_and_hours() -> None:
    sales = parse_model(MODEL + SALES).sales
    ana, bo, north = sales.owners
    assert (ana.email, ana.weight, ana.away) == ("ana@example.com", 1, (Away(date(2026, 12, 21), date(2027, 1, 2)),))
    assert ana.is_away(date(2027, 1, 2)) and not ana.is_away(date(2027, 1, 3))
    assert (bo.weight, bo.capacity, bo.retired, north.members) == (2, 20, True, ("bo",))
    assert sales.hours[0] == (Span(time(9), time(12)), Span(time(13), time(0))) and sales.hours[1] == ()
    assert sales.accept_within == 2 * 3_600_000_000


def test_no_word_about_sales_changes_the_version_of_a_model() -> None:
    assert parse_model(MODEL + SALES).hash == parse_model(MODEL).hash


@pytest.mark.parametrize(("right", "wrong", "problem"), [
    ('"CN"\nholidays', '"XX"\nholidays', 'sales.calendar: found "XX", allowed is a country or a part of one'),
    ('"2027-02-05"', '"2027-02-30"', 'sales.holidays[0]: found "2027-02-30", allowed is a day such as'),
    ('"Fri"]', '"Fry"]', 'sales.hours[0].days[1]: unknown day "Fry"'),
    ('to = "12:00"', 'to = "25:00"', 'sales.hours[1].to: found "25:00", allowed is a time of day'),
    ('to = "12:00"', 'to = "08:00"', 'sales.hours[1].to: found "08:00", allowed is a time later than from, 09:00'),
    ('to = "12:00"', 'to = "14:00"', "sales.hours: found two spans of Mon that overlap"),
    ('"2h"', '"2 h"', 'sales.accept_within: found "2 h"'),
    ('fallback = "ana"', 'fallback = "anna"', 'sales.fallback: unknown owner "anna" (did you mean ana?)'),
    ('fallback = "ana"', 'fallback = "bo"', 'sales.fallback: found "bo", allowed is an owner who is not retired'),
    ("ana@example.com", "ana", 'sales.owners[0] "ana" email: found "ana", allowed is an e-mail address'),
    ("wecom", "wechat", 'sales.owners[0] "ana" mention.wechat: unknown chat "wechat"'),
    ('"A", "B"', '"A", "E"', 'sales.owners[0] "ana" where.grade: unknown grade "E"'),
    ('"event"', '"tv"', 'sales.owners[0] "ana" where.source.channel: unknown channel "tv"'),
    ("profile.country", "country", 'sales.owners[0] "ana" where.country: unknown key "country"'),
    ('"2027-01-02"', '"2026-01-02"', '"ana" away[0]: found "2026-01-02", allowed is a last day not before'),
    ("weight = 2", "weight = -1", 'sales.owners[1] "bo" weight: found -1, allowed is a whole number from 0'),
    ('name = "bo"', 'name = "ana"', 'sales.owners[1] "ana" name: found "ana", allowed is a name of its own'),
    ('members = ["bo"]', 'members = ["bob"]', 'sales.owners[2] "north" members[0]: unknown owner "bob"'),
    ('members = ["bo"]', 'members = ["north"]', "allowed is a person: a team has no teams in it"),
    ("weight = 2", "colour = 2", 'sales.owners[1] "bo" colour: unknown key "colour"'),
    ("accept_within", "accept", 'sales.accept: unknown key "accept"'),
    ("hours = [", 'workdays = ["2027-02-05"]\nhours = [', "workdays: found 2027-02-05 among the holidays too"),
])  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(right: str, wrong: str, problem: str) -> None:
    assert right in SALES
    with pytest.raises(ModelError) as refused:
        parse_model(MODEL + SALES.replace(right, wrong))
    assert any(problem in line for line in refused.value.lines), refused.value.lines


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_nobody_is_called_none_but_in_a_model_that_a_former_release_activated(name: str) -> None:
    text = MODEL + SALES.replace('"bo"', f'"{name}"')
    with pytest.raises(ModelError, match=f'name: found "{name}", allowed is another name \\("none" stands for leads'):
        parse_model(text, is_new=True)
    assert parse_model(text).sales.owner(name) is not None


STAGES = """
[[stages]]
name = "nurture"
detour = true
hot = true
[[stages]]
name = "spam"
detour = true
"""
MORE = """
[sales]
work_within = "8h"
recycle_to = "nurture"
remind_after = { nurture = "24h" }
report_by = "owner"
[[sales.reasons]]
name = "wrong person"
stage = "spam"
[[sales.answer]]
on = "message_received"
within = "9h"
[[sales.activity]]
on = "page_viewed"
same = "path"
at_least = 3
"""


def test_what_reminds_owners() -> None:
    sales = parse_model(MODEL + STAGES + MORE).sales
    assert (sales.recycle_to, sales.report_by, dict(sales.remind_after)) == ("nurture", "owner", {"nurture": 24 * HOUR})
    assert (sales.stage_after("not ready"), sales.stage_after("wrong person")) == ("nurture", "spam")
    assert sales.stage_after("nothing like that") is None
    (activity,) = sales.activity
    assert (activity.called, activity.same, activity.within, activity.limit.count) == (
        "page_viewed", ("path",), 24 * HOUR, 1,
    )  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "problem"), [
    ('recycle_to = "nurture"', 'recycle_to = "spam"',
     'sales.recycle_to: found "spam", allowed is a stage with hot = true'),
    ('stage = "spam"', 'stage = "nurture"',
     'stage: found "nurture", allowed is a stage with hot = false, such as a detour'),
    ('recycle_to = "nurture"', 'recycle_to = "nirvana"', 'sales.recycle_to: unknown stage "nirvana"'),
    ('nurture = "24h"', 'nirvana = "24h"', 'sales.remind_after.nirvana: unknown stage "nirvana"'),
    ('"wrong person"', '"not ready"', 'name: found "not ready", allowed is any other name'),
    ('report_by = "owner"', 'report_by = "boss"', 'sales.report_by: found "boss", allowed is "owner", "team", "none"'),
    ('at_least = 3', 'at_least = 0', "sales.activity[0].at_least: found 0"),
])  # fmt: skip
def test_what_reminds_owners_is_checked(right: str, wrong: str, problem: str) -> None:
    text = (MODEL + STAGES + MORE).replace(right, wrong)
    with pytest.raises(ModelError) as caught:
        parse_model(text)
    assert [line for line in caught.value.lines if problem in line], caught.value.lines


@pytest.mark.parametrize(("line", "allowed"), [
    ('accept_within = "300d"', "working time of at most 26 weeks, here 1170h"),
    ("holidays = [2026-12-24T00:00:00]", "a day such as"),
])  # fmt: skip
def test_what_no_calendar_can_say_is_refused_when_the_file_is_read(line: str, allowed: str) -> None:
    week = 'hours = [{ days = ["Mon", "Tue", "Wed", "Thu", "Fri"], from = "09:00", to = "18:00" }]\n'
    with pytest.raises(ModelError, match=f"allowed is {allowed}"):
        parse_model(MODEL + f"[sales]\n{week}{line}\n")
