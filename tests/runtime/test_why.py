"""Why a lead is hot or is not, as `/api/leads/{lead}/score` and `leadline lead` say it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from runtime.cli import create_app
from store.database.tables import ledger
from tests.domain.stories import at, identity, us
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from web.private import Private

DAY = 86_400
TOKEN = "sample-token"
MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "customer"
won = true
[score]
half_life = "7d"
hot_at = { A = 60, B = 50, C = 80 }
rearm_at = 30
[[score.rules]]
name = "form"
label = { en = "Sent a form", zh = "提交表单" }
on = "form_submitted"
points = 20
[[score.rules]]
name = "webinar"
on = "event_attended"
points = 64
[[score.rules]]
name = "joined"
on = "list_joined"
points = 20
limit = "once"
[[score.rules]]
name = "page"
on = "page_viewed"
points = 5
limit = "2 per 24h"
[fit]
grades = { B = 10, C = 0 }
[[fit.rules]]
name = "decides"
label = "Decision maker"
where = { "profile.title" = "CEO" }
points = 10
[[fit.rules]]
name = "student"
where = { "profile.title" = "student" }
points = -10
[[not_a_lead]]
reason = "student"
label = { en = "A student", zh = "学生" }
where = { "profile.email" = { ends_with = ".edu" } }
[[segments]]
name = "warm"
when = { heat = { gte = 40 } }
"""
TENTHS = "".join(f'[[score.rules]]\nname = "{tenths}"\non = "scrolled"\npoints = 0.{tenths}\n' for tenths in (1, 2))
TAKES = MODEL + '[[score.rules]]\nname = "unsubscribed"\non = "email_unsubscribed"\npoints = -10\n'
WON_AND_HOT = MODEL.replace("won = true", "won = true\nhot = true")


class Seen:
    """A world, and what its API says."""

    def __init__(self, folder: Path, model: str) -> None:
        self.world = World.on_sqlite(folder, parse_model(model), us(60))
        readers = Readers(self.world.database, self.world.events, self.world.ids)
        self.api = Asker(create_api(readers, Private(TOKEN)), TOKEN)

    def play(self, *touchpoints: Touchpoint) -> None:
        self.world.clock = max(self.world.clock, touchpoints[-1].instant)
        self.world.play([touchpoints])

    def score(self, who: str, query: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(f"/api/leads/{self.world.ids.of(identity(who))}/score{query}").json()
        return answer


@pytest.fixture
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Seen]:
    seen = Seen(tmp_path, getattr(request, "param", MODEL))
    yield seen
    seen.world.close()


def later(seen: Seen, seconds: float) -> None:
    seen.world.clock = us(seconds)
    seen.world.project()


def test_64_points_are_32_after_a_half_life_8_after_three_and_leave_a_segment_of_40_by_time_alone(seen: Seen) -> None:
    seen.play(at(0, "event_attended", "e:a@x.de"))
    leaves = next(change for change in seen.score("e:a@x.de")["coming"] if change["segment"] == "warm")
    later(seen, 7 * DAY)
    assert seen.score("e:a@x.de")["heat"] == 32
    later(seen, 21 * DAY)
    assert seen.score("e:a@x.de")["heat"] == 8
    with seen.world.database.snapshot() as conn:
        (left,) = conn.execute(select(ledger.c.data).where(ledger.c.kind == "segment.left")).scalars()
    assert leaves == {"at": json.loads(left)["ended"], "what": "leaves", "segment": "warm"}, "not that of the check"
    minute = rfc3339(us(4 * DAY + 17 * 3600 + 55 * 60))[:-11]
    assert leaves["at"].startswith(minute)


@pytest.mark.parametrize("seen", [MODEL.replace("7d", "36500d").replace("points = 64", "points = 15").replace(
    '"2 per 24h"', '"9 per 24h"')], indirect=True)  # fmt: skip
def test_a_once_only_award_counts_once_after_a_merge_and_twice_after_the_unmerge(seen: Seen) -> None:
    pages = [at(2, "page_viewed", "u:1", id=f"p{n}") for n in range(2)]
    seen.play(at(1, "list_joined", "u:1"), *pages, at(3, "list_joined", "u:2"), at(4, "event_attended", "u:2"))
    assert (seen.score("u:1")["heat"], seen.score("u:2")["heat"]) == (30, 35)
    side = {"with": [{"kind": "user_id", "value": "2"}]}
    seen.play(at(5, "merged", "u:1", source="api", **side))
    merged = seen.score("u:1")
    assert merged["heat"] == 45 and [each["why"] for each in merged["withheld"]] == ["limit"]
    seen.play(at(6, "unmerged", "u:1", source="api", **side))
    assert (seen.score("u:1")["heat"], seen.score("u:2")["heat"]) == (30, 35)


def test_a_student_of_much_engagement_is_never_hot_and_is_told_so(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = [at(n, "form_submitted", "e:a@uni.edu", id=f"f{n}") for n in range(6)]
    seen.play(at(0, "identified", "e:a@uni.edu", profile={"title": "student"}), *forms)
    score = seen.score("e:a@uni.edu")
    assert (score["heat"], score["grade"], score["hot"]) == (pytest.approx(120, abs=0.1), "D", False)
    assert score["distance"] == {"threshold": None, "missing": 0.0, "never": "excluded", "enough": []}
    assert score["not_a_lead_label"] == {"en": "A student", "zh": "学生"}
    assert "hot?\t不会变热，因为不是线索：学生" in shown(tmp_path, monkeypatch, "lead", "a@uni.edu", "--lang", "zh")
    assert "\t否：学生\t" in shown(tmp_path, monkeypatch, "leads", "--lang", "zh")


@pytest.mark.parametrize(("seen", "hot"), [(MODEL, False), (WON_AND_HOT, True)], indirect=["seen"])
def test_a_customer_is_hot_only_where_the_stage_says_so(seen: Seen, hot: bool) -> None:
    moved = at(1, "stage_changed", "e:a@x.de", source="api", to="customer")
    came = [at(n, "event_attended", "e:a@x.de") for n in (2, 3)]
    seen.play(at(0, "identified", "e:a@x.de"), moved, *came)
    score = seen.score("e:a@x.de")
    assert (score["hot"], score["distance"]["never"]) == (hot, None if hot else "stage")


def test_what_it_was_for_what_gave_nothing_and_how_far_it_is(
    seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [at(n, "page_viewed", "e:a@x.de", path=f"/{n}") for n in (1, 2, 3)]
    bot = at(4, "page_viewed", "e:a@x.de", path="/bot", context={"machine": "reported"})
    form = at(5, "form_submitted", "e:a@x.de", form="demo", profile={"title": "CEO"})
    seen.play(at(0, "page_viewed", "e:a@x.de", path="/0"), at(0.5, "score_reset", "e:a@x.de", source="api"),
              *pages, bot, form)  # fmt: skip
    score = seen.score("e:a@x.de")
    assert [(each["rule"], each["about"]) for each in score["items"]] == [
        ("page", {"property": "path", "value": "/1"}), ("form", {"property": "form", "value": "demo"}),
    ]  # fmt: skip
    assert score["items"][1]["label"] == {"en": "Sent a form", "zh": "提交表单"}
    assert score["fit_items"] == [{"rule": "decides", "label": "Decision maker", "points": 10.0}]
    assert [(each["about"]["value"], each["why"]) for each in score["withheld"]] == [
        ("/0", "reset"), ("/2", "limit"), ("/3", "limit"), ("/bot", "machine: reported"),
    ]  # fmt: skip
    assert score["distance"]["missing"] == pytest.approx(50 - score["heat"]) and score["distance"]["threshold"] == 50
    assert [each["rule"] for each in score["distance"]["enough"]] == ["webinar"]
    text = shown(tmp_path, monkeypatch, "lead", "a@x.de", "--lang", "zh")
    assert "比 B 级的 50 分低" in text and "；再有一次即可：webinar（64 分）" in text
    assert "提交表单\tform_submitted\tdemo\t20" in text and "在清零之前" in text and "已达上限，直到" in text
    assert "机器：来源已标明" in text


def test_the_score_goes_on_page_by_page_and_the_pages_add_up(seen: Seen) -> None:
    seen.play(*[at(n // 2, "page_viewed", "e:a@x.de", id=f"{n:02}") for n in range(9)])
    whole = seen.score("e:a@x.de")
    assert whole["next"] is None and len(whole["items"]) == 2 and len(whole["withheld"]) == 7
    items, withheld, cursor = [], [], ""
    while cursor is not None:
        page = seen.score("e:a@x.de", f"?limit=2{cursor and '&cursor=' + cursor}")
        assert len(page["items"]) + len(page["withheld"]) <= 2 and page["heat"] == whole["heat"]
        items, withheld, cursor = [*items, *page["items"]], [*withheld, *page["withheld"]], page["next"]
    assert (items, withheld) == (whole["items"], whole["withheld"])
    lead = seen.world.ids.of(identity("e:a@x.de"))
    problem(seen.api.get(f"/api/leads/{lead}/score?cursor=nonsense"), 400, "cursor")


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What a command prints into a pipe."""
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    result = CliRunner().invoke(create_app(), [*words, "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_timeline_says_what_each_did(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = at(3, "page_viewed", "e:a@x.de", context={"machine": "reported"})
    back = at(5, "stage_changed", "e:a@x.de", source="policy", to="lead")
    pages = [at(1, "page_viewed", "e:a@x.de", id=str(n)) for n in range(3)]
    form, won = at(2, "form_submitted", "e:a@x.de"), at(4, "stage_changed", "e:a@x.de", source="api", to="customer")
    seen.play(*pages, form, bot, won, back, at(6, "email_delivered", "e:a@x.de"))
    lead = seen.world.ids.of(identity("e:a@x.de"))
    told = [item["effect"] for item in seen.api.get(f"/api/leads/{lead}/timeline").json()["items"]]
    assert [effect["points"] for effect in told] == [5, 5, 0, 20, 0, 0, 0, 0]
    assert told[0]["moved"] == {"from": "visitor", "to": "lead"}
    assert told[5]["moved"] == {"from": "lead", "to": "customer"}
    label = {"en": "Sent a form", "zh": "提交表单"}
    assert told[3]["gave"] == [{"rule": "form", "label": label, "points": 20.0}]
    (nothing,) = told[2]["gave_nothing"]
    assert (nothing["why"], nothing["until"]) == ("limit", rfc3339(us(1 + DAY)))
    assert (told[4]["machine"], told[6]["not_moved"]) == ("reported", "only_forward")
    assert told[7] == {
        "points": 0.0, "gave": [], "gave_nothing": [], "moved": None, "not_moved": None, "no_effect": None,
        "machine": None,
    }  # fmt: skip
    text = shown(tmp_path, monkeypatch, "lead", "a@x.de", "--lang", "zh")
    for did in ("+20 提交表单", "+5 page；visitor > lead", "page：已达上限，直到 2023",
                "不计：机器行为（来源已标明）", "阶段未变：只能前进"):  # fmt: skip
        assert f"\t{did}" in text, text


@pytest.mark.parametrize("seen", [MODEL + TENTHS], indirect=True)
def test_points_of_a_touchpoint_are_shown_without_the_dust_of_their_sum(seen: Seen) -> None:
    seen.play(at(1, "scrolled", "e:a@x.de"))
    lead = seen.world.ids.of(identity("e:a@x.de"))
    [told] = seen.api.get(f"/api/leads/{lead}/timeline").json()["items"]
    assert told["effect"]["points"] == 0.3


@pytest.mark.parametrize("seen", [TAKES], indirect=True)
def test_what_takes_points_is_no_reason(seen: Seen) -> None:
    forms = [at(n, "form_submitted", "e:a@x.de", profile={"title": "CEO"}) for n in (1, 2, 4, 5)]
    seen.play(*forms[:2], at(3, "email_unsubscribed", "e:a@x.de"), *forms[2:])
    [lead] = seen.api.get("/api/leads").json()["items"]
    assert lead["heat"] == pytest.approx(70, abs=0.1)
    [hot] = seen.api.get("/api/signals?kind=lead.hot").json()["items"]
    for reasons in (lead["reasons"], hot["reasons"]):
        assert [(reason["rule"], reason["count"]) for reason in reasons] == [("form", 4)]
