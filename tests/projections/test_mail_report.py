"""The report of mail is what counting every recipient by hand gives, on both databases; and tests of two variants."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg2
import pytest

from domain.files.durations import DAY
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint, moment
from projections.queries.cursors import BadCursor
from projections.queries.days import EVER, DayRange, day_named
from projections.reports.answer import BadReport, ReportQuestion, ReportShape
from projections.reports.people import people_behind
from projections.reports.registry import known_report, report
from store.database.views.mail import MAIL
from tests.domain.stories import at, us
from tests.given_views import asked, rows_of
from tests.projections.given_lists import lists_agree
from tests.projections.world import World
from tests.services.postgres import PostgresServer

MODEL = parse_model("""
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
[[stages]]
name = "customer"
won = true
[money]
currency = "EUR"
revenue = [{ on = "order_placed", amount = "total" }]
""")
ZONE = ZoneInfo("Asia/Shanghai")
TYPES: Final = {
    "sent": "email_sent", "delivered": "email_delivered", "opened": "email_opened", "clicked": "email_clicked",
    "bounced": "email_bounced", "unsubscribed": "email_unsubscribed", "complained": "email_complained",
}  # fmt: skip
COUNTS = ("people", *TYPES, "converted")
SECONDS = 86_400
HISTORY_DAYS = 40


def traffic() -> list[Touchpoint]:
    """Two months of mail to sixty people: campaigns with and without variants, machines, orders, forms and wins."""
    random, told = Random(11), []
    for number in range(1_500):
        second, who = random.uniform(0, HISTORY_DAYS * SECONDS), f"e:p{random.randrange(60)}@x.de"
        says: dict[str, Any] = {"id": f"m{number}"}
        type = random.choice(
            [*TYPES.values(), "email_clicked", "email_sent", "form_submitted", "order_placed", "page_viewed"]
        )
        if type.startswith("email"):
            if campaign := random.choice(["spring", "spring", "summer", "=SUM(A1)", None]):
                says["campaign"] = campaign
            if campaign == "spring":
                says["variant"] = "red" if int(who[3:].partition("@")[0]) % 2 else "blue"
            if campaign == "summer":
                says["variant"] = random.choice(["a", "b", "c"])
            if random.random() < 0.2:
                says["context"] = {"machine": "reported"}
        if type == "email_clicked" and number % 3:
            says |= {"source": "provider", "url": "https://x.de/offer?utm_medium=email&utm_campaign=autumn"}
        if type == "order_placed":
            says["total"] = random.choice([10, 0, -5])
        if type in ("form_submitted", "page_viewed") and random.random() < 0.2:
            says["context"] = {"machine": "honeypot"}
        told.append(at(second, type, who, **says))
    moves = [at(n * 3 * SECONDS, "stage_changed", f"e:p{n}@x.de", to="customer", id=f"w{n}") for n in range(12)]
    return told + moves


def played(url: str) -> World:
    world = World(url, MODEL, us((HISTORY_DAYS + 1) * SECONDS))
    all = traffic()
    world.play([all[::2], all[1::2]])
    return world


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


def mail(world: World, by: str | None = None, days: DayRange = EVER, **options: str) -> ReportShape:
    with world.view() as view:
        return report(view, "mail", ReportQuestion(days, by, options))


def campaign_of(mail: Touchpoint) -> str | None:
    """The one that the mail names, whatever its links do; where it names none, that of its links."""
    return mail.properties.get("campaign") or ("autumn" if "url" in mail.properties else None)


def recipients() -> list[dict[str, Any]]:
    """One for each person and campaign, from what was reported alone."""
    history: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in traffic():
        if not (
            touchpoint.by_machine and touchpoint.type not in ("email_unsubscribed", "email_complained", "email_bounced")
        ):
            history[touchpoint.identities[0].value].append(touchpoint)
    found = []
    for touchpoints in history.values():
        won = min((each.instant for each in touchpoints if each.type == "stage_changed"), default=None)
        wanted = [
            each.instant
            for each in touchpoints
            if each.type == "form_submitted" or (each.type == "order_placed" and each.properties["total"] > 0)
        ] + ([] if won is None else [won])
        mails = [each for each in touchpoints if each.type in TYPES.values() and not each.by_machine]
        for campaign in {campaign_of(each) for each in mails}:
            mine = [each for each in mails if campaign_of(each) == campaign]
            first = {type: min((e.instant for e in mine if e.type == type), default=None) for type in TYPES.values()}
            begun = first["email_sent"] or first["email_delivered"] or min(each.instant for each in mine)
            clock = moment(begun).astimezone(ZONE)
            clicks = [each.instant for each in mine if each.type == "email_clicked"]
            found.append({
                "campaign": campaign,
                "variant": min((v for each in mine if (v := each.properties.get("variant"))), default=None),
                "date": clock.date(), "hour": clock.hour, "weekday": clock.isoweekday(), "people": 1,
                **{kind: int(first[type] is not None) for kind, type in TYPES.items()},
                "converted": int(any(0 <= after - click <= 7 * DAY for click in clicks for after in wanted)),
            })  # fmt: skip
    return found


def counted(told: tuple[str, ...], found: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, int]]:
    groups: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for each in found:
        group = groups[tuple(each[name] for name in told)]
        for name in COUNTS:
            group[name] += each[name]
    return groups


@pytest.mark.parametrize(("by", "told"), [
    (None, ("campaign",)), ("variant", ("campaign", "variant")), ("hour", ("hour",)), ("weekday", ("weekday",)),
])  # fmt: skip
def test_people_are_those_of_a_recount(world: World, by: str | None, told: tuple[str, ...]) -> None:
    shape = mail(world, by)
    expected = counted(told, recipients())
    assert {
        tuple(item[name] for name in told): {name: item[name] for name in COUNTS} for item in shape.items
    } == expected
    assert all(sum(group[name] for group in expected.values()) for name in COUNTS), "nothing is compared"
    for item in shape.items:
        assert item["clicked_share"] == item["clicked"] / item["people"]
        assert {item[name] for name in {"campaign", "variant", "weekday", "hour"} - set(told)} == {None}
        assert {item[name] for name in ("difference", "lowest", "highest", "chance")} == {None}


def test_a_period_is_when_they_were_written_to(world: World) -> None:
    first = 19_680
    inside = [each for each in recipients() if day_named(first) <= each["date"] < day_named(first + 14)]
    items = mail(world, "campaign", DayRange(first, first + 14)).items
    assert {item["campaign"]: item["people"] for item in items} == {
        campaign: group["people"] for (campaign,), group in counted(("campaign",), inside).items()
    }
    assert 0 < sum(item["people"] for item in items) < len(recipients())


def test_the_view_says_the_same(world: World) -> None:
    told: dict[tuple[Any, Any], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for row in rows_of(world.url, MAIL):
        for name in COUNTS:
            told[row["campaign"], row["variant"]][name] += row[name]
    items = mail(world, "variant").items
    assert {(item["campaign"], item["variant"]): {name: item[name] for name in COUNTS} for item in items} == told


@pytest.mark.parametrize(
    "question",
    [
        ReportQuestion(by="variant"),
        ReportQuestion(DayRange(19_680, 19_694), "weekday"),
        ReportQuestion(options={"test": "spring"}),
    ],
)
def test_every_number_has_just_so_many_people(world: World, question: ReportQuestion) -> None:
    with world.view() as view:
        assert lists_agree(view, "mail", question, again=COUNTS if question.by == "weekday" else ()) >= len(COUNTS)


@pytest.mark.parametrize(("by", "cell", "words"), [
    ("campaign", {"variant": "red"}, "variant: found 'red', but rows are told apart by campaign"),
    ("hour", {"hour": "24"}, "hour: found '24', allowed are whole numbers from 0 to 23"),
    ("hour", {"place": "x"}, "place: is no option of mail and no column of its rows, allowed are campaign, variant"),
])  # fmt: skip
def test_a_cell_that_there_is_not_is_refused(world: World, by: str, cell: dict[str, str], words: str) -> None:
    with world.view() as view, pytest.raises(BadReport, match=words):
        people_behind(view, known_report("mail"), ReportQuestion(by=by, options=cell), "people")


def test_a_number_that_counts_no_people_is_refused(world: World) -> None:
    with world.view() as view:
        with pytest.raises(BadReport, match="number: found 'clicked_share', allowed are people, sent, delivered"):
            people_behind(view, known_report("mail"), ReportQuestion(), "clicked_share")
        with pytest.raises(BadReport, match="revenue: no number of it opens a list of people"):
            people_behind(view, known_report("revenue"), ReportQuestion(), "amount")
        with pytest.raises(BadCursor):
            people_behind(view, known_report("mail"), ReportQuestion(), "people", cursor="x")


# ---- tests of two variants ---------------------------------------------------------------------------------------


def test_two_variants_are_compared(world: World) -> None:
    shape = mail(world, test="spring", of="converted")
    blue, red = shape.items
    assert [(item["campaign"], item["variant"]) for item in shape.items] == [("spring", "blue"), ("spring", "red")]
    assert red["difference"] == pytest.approx(red["converted_share"] - blue["converted_share"])
    assert red["lowest"] < red["difference"] < red["highest"] and 0 < red["chance"] <= 1
    assert blue["difference"] is None and "Newcombe" in shape.notes[0] and "Fisher" in shape.notes[0]
    assert shape.options == {"test": "spring", "of": "converted"}


def sent(variant: str | None, people: int, clicked: int) -> list[Touchpoint]:
    says: dict[str, Any] = {"campaign": "launch"} | ({"variant": variant} if variant else {})
    who = [f"e:{variant}{n}@x.de" for n in range(people)]
    mails = [at(n, "email_sent", each, **says) for n, each in enumerate(who)]
    return mails + [at(people + n, "email_clicked", each, **says) for n, each in enumerate(who[:clicked])]


def test_an_example_of_the_books_comes_out(world_on_each: World) -> None:
    """Newcombe (1998), table II, (a): 56 of 70 against 48 of 80; the rest of the mail has no variant."""
    world_on_each.clock = us(1_000)
    world_on_each.play([sent("b", 70, 56) + sent("a", 80, 48) + sent(None, 3, 3)])
    shape = mail(world_on_each, test="launch")
    a, b = shape.items
    assert (a["people"], a["clicked"], b["people"], b["clicked"]) == (80, 48, 70, 56)
    assert (b["difference"], b["lowest"], b["highest"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)
    assert b["chance"] == pytest.approx(0.0126, abs=0.0005)
    assert shape.notes[1:] == ["without a variant, and left out: 3 people"]


def test_the_campaign_of_a_click_is_spelled_as_that_of_the_mail(world_on_each: World) -> None:
    """Whatever its link says of where the visit comes from; where the mail names none that is all that is known."""
    url, told = "https://x.de/?utm_campaign=other", []
    for n, name in enumerate(["spring", 7, 7.0, -7, "7.0", " x ", "a\x00", "b" * 250, "", None, True, 7.5, {"a": 1}]):
        says: dict[str, Any] = {"source": "provider", "campaign": name}
        told += [at(0, "email_sent", f"e:p{n}@x.de", **says), at(1, "email_clicked", f"e:p{n}@x.de", url=url, **says)]
    world_on_each.play([told])
    assert {item["campaign"]: (item["sent"], item["clicked"]) for item in mail(world_on_each).items} == {
        "spring": (1, 1), "7": (2, 2), "-7": (1, 1), "7.0": (1, 1), "x": (1, 1), "a\ufffd": (1, 1), "b" * 200: (1, 1),
        None: (5, 0), "other": (0, 5),
    }  # fmt: skip


def test_who_had_both_variants_is_said(world_on_each: World) -> None:
    both = [at(200 + n, "email_sent", f"e:a{n}@x.de", campaign="launch", variant="b") for n in range(2)]
    world_on_each.clock = us(1_000)
    world_on_each.play([sent("b", 30, 15) + sent("a", 30, 20) + both])
    shape = mail(world_on_each, test="launch")
    assert [item["people"] for item in shape.items] == [30, 30]
    assert shape.notes[1:] == ["had both variants, and count with a: 2 people; a difference looks smaller"]


def test_the_first_variant_is_the_same_one_in_every_language_of_a_server(postgres_server: PostgresServer) -> None:
    try:
        url = postgres_server.create(language="en-US")
    except psycopg2.Error as error:  # before 15, or built without ICU
        pytest.skip(str(error))
    with closing(World(url, MODEL, us(60))) as world:
        said = {"campaign": "spring", "source": "provider"}
        world.play([[at(n, "email_sent", "e:a@x.de", variant=name, **said) for n, name in enumerate("_B")]])
        assert asked(url, "SELECT min(name) FROM (VALUES ('B'), ('_')) AS names (name)") == [("_",)]
        assert [row["variant"] for row in rows_of(url, MAIL)] == ["B"]
        assert [item["variant"] for item in mail(world, "variant").items] == ["B"]
    postgres_server.drop(url)


def test_too_few_are_warned_of(world_on_each: World) -> None:
    world_on_each.clock = us(1_000)
    world_on_each.play([sent("b", 8, 5) + sent("a", 80, 40)])
    assert mail(world_on_each, test="launch").notes[1] == (
        "too few to tell: if both variants were the same, fewer than 5 people of b would be expected either to have"
        " clicked or not to have"
    )


@pytest.mark.parametrize(("by", "options", "words"), [
    (None, {"test": "summer"}, "found the variants a, b, c of 'summer', allowed is a campaign with two: spring$"),
    (None, {"test": "winter"}, "found the variants none of 'winter'"),
    (None, {"test": "spring", "of": "sent"}, "of: found 'sent', allowed are opened, clicked, converted"),
    (None, {"of": "clicked"}, "of: found it without test"),
    ("hour", {"test": "spring"}, "by: found 'hour' with test, allowed is variant"),
])  # fmt: skip
def test_what_is_no_test_is_refused(world: World, by: str | None, options: dict[str, str], words: str) -> None:
    with pytest.raises(BadReport, match=words):
        mail(world, by, **options)


def test_of_no_mail_there_is_no_row(world_on_each: World) -> None:
    assert mail(world_on_each).items == []
