"""Whatever a page refuses it says in the language of its reader: each command in each of its refusals, in Chinese."""

import ast
import re
from html import unescape
from pathlib import Path

import httpx2
import pytest

from domain.phrases import NAMES, fields_of
from tests.dashboard.conftest import Open
from tests.dashboard.given_lead import DAY, MODEL, story, told
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "store", "producers", "projections", "web", "api", "runtime")
SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row."""
HAN = re.compile(r"[\u4e00-\u9fff]")
ZH = {"leadline_lang": "zh-CN"}

STAGES = """
[[stages]]
name = "later"
[[stages]]
name = "former"
label = { en = "Former", zh = "旧阶段" }
retired = true
"""
REFUSED = [
    ("stage", {}, "请填写"),
    ("stage", {"to": "nonsense"}, "未知的阶段"),
    ("stage", {"to": "custome"}, "您是指 customer"),
    ("stage", {"to": "lead"}, "已经处于阶段"),
    ("stage", {"to": "former"}, "阶段“旧阶段”已停用"),
    ("stage", {"to": "customer"}, "阶段“客户”需要公司"),
    ("stage", {"to": "nurture", "reason": "x" * 1001}, "原因：有 1,001 个字符"),
    ("accept", {"owner": "bo"}, "bo 不是线索的负责人"),
    ("accept", {"by": "zed"}, "zed 不能代表 ana 回应"),
    ("reject", {}, "请填写"),
    ("reject", {"reason": "nonsense"}, "未知的原因"),
    ("assign", {"owner": "ana"}, "ana 已经是线索的负责人"),
    ("assign", {"owner": "zed"}, "未知的负责人"),
    ("assign", {"owner": "bo", "due": "2026-06-01T10:00"}, "期限：6月1日 10:00 不可用"),
    ("assign", {"owner": "bo", "due": "soon"}, "'soon' 不可用"),
    ("remind", {"at": "2026-06-01T10:00"}, "必须晚于"),
    ("remind", {"at": "soon"}, "'soon' 不可用"),
    ("remind", {"at": "2026-07-01T10:00", "owner": "zed"}, "未知的负责人"),
    ("remind", {"at": "2026-07-01T10:00", "note": "x" * 5001}, "备注：有 5,001 个字符"),
    ("note", {}, "请填写"),
    ("note", {"note": "x" * 5001}, "备注：有 5,001 个字符"),
    ("log", {"kind": "nonsense"}, "未知的类型"),
    ("log", {"kind": "call_logged", "at": "2026-07-01T10:00"}, "不能晚于现在"),
    ("log", {"kind": "call_logged", "at": "soon"}, "'soon' 不可用"),
    ("log", {"kind": "call_logged", "outcome": "x" * 201}, "有 201 个字符"),
    ("log", {"kind": "call_logged", "participants": ",".join("x" * 51)}, "有 51 个"),
    ("log", {"kind": "call_logged", "participants": "x" * 201}, "有 201 个字符"),
    ("log", {"kind": "call_logged", "tags": "nonsense"}, "未知的标签"),
    ("tags", {}, "请选择标签"),
    ("tags", {"tag": "nonsense"}, "未知的标签"),
    ("tags", {"had": "budget"}, "没有标签“有预算”"),
    ("profile", {"field": "Not Snake", "value": "x"}, "下划线命名"),
    ("profile", {"field": "email", "value": "nonsense"}, "联系不到任何人：格式不正确"),
    ("profile", {"field": "phone", "value": "12ab"}, "联系不到任何人"),
    ("profile", {"field": "phone", "value": "030 1234567"}, "需要设置 LEADLINE_REGION"),
    ("profile", {"field": "company"}, "没有可以删除的公司"),
    ("profile", {"field": "company", "value": "x" * 1001}, "公司：有 1,001 个字符"),
    ("merge", {}, "请填写"),
    ("merge", {"with": "nobody@x.test"}, "没有线索的邮箱"),
    ("merge", {"with": "zzzz"}, "找不到线索"),
    ("merge", {"with": "Twin"}, "有 2 条线索符合"),
    ("merge", {"with": "wang@x.test"}, "已经是同一条线索"),
    ("unmerge", {}, "请指明要拆分什么"),
    ("unmerge", {"identity": "email:other@x.test"}, "不属于这条线索"),
    ("unmerge", {"identity": "email:wang@x.test"}, "线索会什么都不剩"),
    ("unmerge", {"identity": "nonsense:x"}, "不代表任何人"),
    ("reset", {"reason": "x" * 1001}, "有 1,001 个字符"),
]  # fmt: skip


ERRORS = [
    "/leads/nobody", "/leads/0d8e1f0a-0000-4000-8000-000000000000", "/nowhere", "/?stage=nonsense",
    "/?cursor=nonsense", "/?owner=nobody", "/reports/nonsense", "/reports/daily?people=x", "/reports/daily?from=soon",
    "/reports/daily?from=2026-06-05&to=2026-06-01", "/reports/mail?by=nonsense", "/reports/portrait?by=profile.name",
    "/reports/paths?start=a&before=won", "/health/findings?kind=nonsense", "/health/rejected/none", "/funnels/none",
    "/?q=%21", "/leads/{lead}?as_of=soon", "/leads/{lead}?as_of=9000-01-01", "/leads/{lead}?as_of=2020-01-01",
    "/leads/{lead}?cursor=nonsense", "/?as_of=2026-06-01", "/sources?as_of=2026-06-01&knowing=now",
    "/cohorts?knowing=now",
]  # fmt: skip


@pytest.fixture
def pages(dashboard_of: Open, monkeypatch: pytest.MonkeyPatch) -> Pages:
    monkeypatch.setattr("api.dashboard.pages.lead_commands.PATIENCE", 0.0)  # it is projected behind the answer
    return dashboard_of(MODEL.replace("[score]", STAGES + "[score]", 1), FRIDAY - 30 * DAY)


def said(answer: httpx2.Response, part: str) -> str:
    """What a part of the page says; no sentence of it is English, and nothing is marked as English."""
    shown = answer.text.partition(part)[2].partition("</div>" if part != "<main" else "</main>")[0]
    assert 'lang="en"' not in shown, shown
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
    assert not SENTENCE.search(text), text
    return text


def test_each_command_says_each_of_its_refusals_in_chinese(pages: Pages) -> None:
    lead = story(pages)
    for n, name in enumerate(("one", "two")):
        told(pages, DAY + n, "form_submitted", f"e:{name}@x.test", profile={"name": f"Twin {name}"})
    faults = []
    for form, typed, expected in REFUSED:
        answer = pages.post(f"/leads/{lead}/{form}", cookies=ZH, **typed)
        if answer.status_code in (200, 303):
            faults.append(f"{form} {str(typed)[:80]}: was not refused")
        elif expected not in (text := said(answer, 'class="notice bad"')):
            faults.append(f"{form} {str(typed)[:80]}: {text}")
    assert not faults, "\n".join(faults)


def test_what_was_answered_before_is_refused_in_chinese(pages: Pages) -> None:
    lead = story(pages)
    assert pages.post(f"/leads/{lead}/accept", by="ana").status_code == 303
    again = pages.post(f"/leads/{lead}/accept", cookies=ZH, by="ana")
    assert "ana 已经接受了线索" in said(again, 'class="notice bad"')
    pages.post(f"/leads/{lead}/stage", to="nurture")
    out = pages.post(f"/leads/{lead}/stage", cookies=ZH, to="later")
    assert "是旁支：只能回到更早的阶段（lead，客户）" in said(out, 'class="notice bad"')


def test_the_page_of_an_error_says_it_in_chinese(pages: Pages) -> None:
    lead, faults = story(pages), []
    for address in ERRORS:
        answer = pages.get(address.format(lead=lead), cookies=ZH)
        text = re.sub(r"<[^>]+>", " ", main := answer.text.partition("<main")[2].partition("</main>")[0])
        if answer.status_code < 400 or 'lang="en"' in main or SENTENCE.search(text) or not HAN.search(text):
            faults.append(f"{address}: {answer.status_code} {' '.join(text.split())[:300]}")
    assert not faults, "\n".join(faults)


def test_who_may_not_is_told_so_in_chinese(pages: Pages) -> None:
    lead = story(pages)
    pages.viewer(None, role="reader")
    for answer in (
        pages.post(f"/leads/{lead}/note", cookies=ZH, note="x"),
        pages.get("/?q=wang", cookies=ZH),
        pages.get("/health/rejected", cookies=ZH),
    ):
        assert answer.status_code == 403 and "只读用户" in said(answer, "<main")


def test_every_template_stands_where_it_is_collected_and_says_what_its_values_are() -> None:
    """`make texts` finds a template that is given to `phrase` itself; a colon is followed by a kind, or a format."""
    faults = []
    for file in (file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "phrase"):
                continue
            template = call.args[0]
            if not (isinstance(template, ast.Constant) and isinstance(template.value, str)):
                faults.append(f"{file}:{call.lineno}: the template is no literal")
                continue
            named = dict(fields_of(template.value))
            given = {each.arg for each in call.keywords}
            if None not in given and named.keys() != given:
                faults.append(f"{file}:{call.lineno}: {named.keys() ^ given}")
            faults += [
                f"{file}:{call.lineno}: {what}" for what in named.values() if what not in (NAMES | {"", ",", "instant"})
            ]
    assert not faults, "\n".join(faults)
