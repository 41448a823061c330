"""The model changed on its page: by fields or as text, compared, activated; what is wrong is said in place."""

from pathlib import Path

import httpx2
import pytest

from api.jobs import JobRunner
from api.model_activation import ModelChanges
from projections.history.engines import INLINE
from store.jobs import Jobs
from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import filled
from tests.dashboard.given_model_pages import FILE, again
from tests.dashboard.given_pages import Pages, text_of

ON = {f"{name}.enabled": "on" for name in ("score.rules[0]", "score.rules[1]", "not_a_lead[0]")}
"""The switches that are on in the file: what a form does not send is off."""


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    pages = dashboard_of(FILE)
    filled(pages)
    return pages


def sent(
    pages: Pages, kind: str = "fields", *, to: str = "preview", text: str = FILE, based_on: int = 1, **more: str
) -> httpx2.Response:
    """The answer to the editor's form, as a browser sends it."""
    fields = {"kind": kind, "based_on": str(based_on), "text": text.replace("\n", "\r\n"), "to": to}
    return pages.post("/model/edit", **fields, **more)


def compared(pages: Pages, **fields: str) -> str:
    """The address of the draft with these fields."""
    answer = sent(pages, **(ON | fields))
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


def hot(pages: Pages) -> list[str]:
    """Who is on the list of hot leads."""
    text = text_of(pages.get("/?hot=1"))
    return [name for name in ("Li Na", "王伟", "Cold Fish") if name in text]


def points_page(pages: Pages) -> str:
    text = text_of(pages.get("/model"))
    return text[text.index("Rules of heat") : text.index("Stages")]


def test_points_are_changed_compared_and_activated_and_the_hot_list_follows(pages: Pages) -> None:
    assert hot(pages) == ["Li Na", "王伟"] and "+84 4" in points_page(pages)
    edit = pages.get("/model/edit").text
    assert 'name="score.rules[0].points" id="score.rules[0].points" value="84"' in edit
    draft = compared(pages, **{"score.rules[0].points": "20", "score.rules[1].points": "85"})
    text = text_of(pages.get(draft))
    assert 'score.rules "much" points before: 84 now: 20 score.rules "ten" points before: 10 now: 85' in text
    assert "Leads that change 5 of 5 Hot 2 → 1" in text
    assert "Hot are hot no more 2 li@x.test , wang@x.test" in text and "Hot become hot 1 cold@x.test" in text
    assert "cold@x.test no → yes 10 → 85" in text and "as they are 1 of 1, 100% too few to tell" in text
    assert hot(pages) == ["Li Na", "王伟"], "nothing is changed yet"
    answer = pages.post(f"{draft}/activate")
    assert answer.status_code == 303
    done = pages.get(answer.headers["location"])
    text = text_of(done)
    assert "The model is active Leads were told anew. Activation 2" in text and "Hot become hot 1 cold@x.test" in text
    assert "1 lead is hot that nobody was told of: they are announced when they earn points again." in text
    assert hot(pages) == ["Cold Fish"] and "+20 4" in points_page(pages)
    history = text_of(pages.get("/model"))
    assert "LEADLINE_API_TOKEN" in history and "What it changed of leads" in history
    assert answer.headers["location"] in pages.get("/model").text
    assert "This draft is the active model." in text_of(pages.get(draft))


def test_what_is_announced_is_said(pages: Pages) -> None:
    draft = compared(pages, **{"score.rules[1].points": "85"})
    text = text_of(pages.get(pages.post(f"{draft}/activate", announce="1").headers["location"]))
    assert "1 lead is hot that nobody was told of: they are announced now." in text


def test_the_text_keeps_all_that_no_field_changed(pages: Pages) -> None:
    draft = compared(pages, **{"score.rules[0].label.zh": "演示", "score.rules[0].enabled": ""})
    kept = pages.get(f"{draft}/file")
    wanted = FILE.replace('zh = "申请了演示"', 'zh = "演示"').replace("points = 84\n", "points = 84\nenabled = false\n")
    assert kept.text == wanted and "attachment" in kept.headers["content-disposition"]
    assert 'value="演示"' in pages.get(f"/model/edit?draft={draft.rpartition('/')[2]}").text
    assert "zh = &#34;演示&#34;" in pages.get(f"/model/edit?draft={draft.rpartition('/')[2]}&as=text").text


def test_a_draft_goes_from_fields_to_text_and_back(pages: Pages) -> None:
    text = sent(pages, to="text", **ON, **{"score.rules[0].points": "20"})
    assert text.status_code == 200 and "points = 20\nlimit" not in text.text and "points = 20\n" in text.text
    back = sent(pages, "text", to="fields", text=FILE.replace("points = 84", "points = 21"))
    assert 'id="score.rules[0].points" value="21"' in back.text
    assert "1 value differs from the active model." in text_of(back)


def test_what_is_wrong_stands_beside_its_field(pages: Pages) -> None:
    answer = sent(pages, **ON, **{"score.rules[0].points": "many", "score.half_life": "soon"})
    assert answer.status_code == 422 and 'value="many" autocomplete="off" inputmode="decimal"' in answer.text
    assert 'aria-invalid="true" aria-describedby="fault-score.rules[0].points"' in answer.text
    fault = answer.text.partition('id="fault-score.rules[0].points"')[2].partition("</span>")[0]
    assert "found &#34;many&#34;, allowed is a number" in fault
    assert "2 things are wrong. Nothing was changed." in text_of(answer)
    assert 'href="#score.half_life"' in answer.text


def test_what_is_wrong_stands_beside_its_line(pages: Pages) -> None:
    wrong = FILE.replace("points = 84", "points = many")
    line = wrong[: wrong.index("points = many")].count("\n") + 1
    answer = sent(pages, "text", text=wrong)
    assert answer.status_code == 422 and f'<li id="line-{line}" class="is-faulty">' in answer.text
    assert f'href="#line-{line}"' in answer.text and "points = many" in answer.text
    unknown = sent(pages, "text", text=FILE.replace("hot_at = 80", "hot_at = 80\nrearm = 5"))
    assert "unknown key" in text_of(unknown) and "did you mean rearm_at?" in text_of(unknown)
    fields = sent(pages, "text", to="fields", text=wrong)
    assert "The model as text" in text_of(fields), "what is no TOML has no fields"


def test_a_stage_that_leads_entered_is_refused_in_place(pages: Pages) -> None:
    renamed = FILE.replace('name = "customer"', 'name = "client"')
    draft = sent(pages, "text", text=renamed).headers["location"]
    text = text_of(pages.get(draft))
    assert "It would be refused: the new model has no stage 'customer', which 1 leads have entered" in text
    assert "Activate it" not in text
    answer = pages.post(f"{draft}/activate")
    assert answer.status_code == 409 and "That was not done" in text_of(answer)
    assert hot(pages) == ["Li Na", "王伟"]


def test_two_who_edit_at_once_do_not_overwrite_each_other(pages: Pages) -> None:
    draft = compared(pages, **{"score.rules[0].points": "20"})
    again(pages, "points = 10", "points = 11", by="ines")
    stale = text_of(pages.get(draft))
    assert "Another model was activated since this draft was begun: Activation 2" in stale and "ines" in stale
    assert "Activate it" not in stale and "Compare it anew" in stale
    answer = pages.post(f"{draft}/activate")
    assert answer.status_code == 409 and "activation 2 is the active one" in text_of(answer)
    anew = pages.post(f"{draft}/again").headers["location"]
    text = text_of(pages.get(anew))
    assert 'score.rules "ten" points before: 11 now: 10' in text, "it says what it would take back"
    assert pages.post(f"{anew}/activate").status_code == 303
    assert "Another model was activated since this draft was begun: Activation 3" in text_of(
        sent(pages, to="text", **ON)
    )


def test_where_the_file_counts_it_is_offered_instead(dashboard_of: Open, tmp_path: Path) -> None:
    pages = dashboard_of(FILE)
    world = pages.company.world
    runner = JobRunner(Jobs(world.database), lambda name, work: None)
    changes = ModelChanges(runner, world.database, world.ids, INLINE, Path("/srv/leadline.toml"))
    pages.close()
    pages = Pages(tmp_path, pages.company, changes=changes)
    draft = compared(pages, **{"score.rules[0].points": "20"})
    page = pages.get(draft)
    assert "Put the draft there, and start the server again" in text_of(page) and "/srv/leadline.toml" in page.text
    assert f'href="{draft}/file"' in page.text and "Activate it" not in page.text
    answer = pages.post(f"{draft}/activate")
    assert answer.status_code == 409 and "/srv/leadline.toml" in text_of(answer)
    assert page.headers["refresh"] == "2" and "It is being compared." in text_of(page), "its job still runs"
    busy = sent(pages, **ON, **{"score.rules[0].points": "21"})
    assert busy.status_code == 409 and "Another comparison is running" in text_of(busy)
    assert "points = 21" in busy.text, "the draft is still there"


@pytest.mark.parametrize("role", ["sales", "reader"])
def test_only_admins_edit_and_activate(pages: Pages, role: str) -> None:
    draft = compared(pages, **{"score.rules[0].points": "20"})
    pages.viewer(None, role)
    for path in ("/model/edit", draft, f"{draft}/file"):
        assert pages.get(path).status_code == 403, path
    for path in ("/model/edit", f"{draft}/activate", f"{draft}/again"):
        assert pages.post(path, kind="text", text=FILE, based_on="1", to="preview").status_code == 403, path
    assert "+84" in points_page(pages)


def test_an_old_activation_is_where_a_draft_may_begin(pages: Pages) -> None:
    again(pages, "points = 84", "points = 90")
    edit = pages.get("/model/edit?activation=1")
    assert 'id="score.rules[0].points" value="84"' in edit.text and 'name="based_on" value="2"' in edit.text
    assert pages.get("/model/edit?activation=7").status_code == 404
    assert pages.get("/model/edit?draft=none").status_code == 404


def test_a_form_that_lacks_its_draft_is_refused(pages: Pages) -> None:
    assert pages.post("/model/edit", kind="fields", to="preview").status_code == 400
    assert pages.post("/model/edit", kind="text", text=FILE, based_on="x").status_code == 400


def test_line_ends_of_the_file_stay(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE.replace("\n", "\r\n"))
    draft = sent(pages, **ON, **{"score.rules[0].points": "20"}).headers["location"]
    assert pages.get(f"{draft}/file").text == FILE.replace("points = 84", "points = 20").replace("\n", "\r\n")


def test_everything_is_said_in_chinese(pages: Pages) -> None:
    fields, text = (pages.get(path, Accept_Language="zh-CN") for path in ("/model/edit", "/model/edit?as=text"))
    assert "修改模型" in text_of(fields) and "查看会带来的变化" in text_of(fields) and "模型文本" in text_of(text)
    assert "Points of" not in fields.text
