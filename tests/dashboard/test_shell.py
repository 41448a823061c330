"""What every page has: headers, the reader's language, errors as pages, files that browsers keep, the guard."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from api.dashboard.dashboard import PLACES, is_of_dashboard
from api.dashboard.shell import POLICY, Shell
from api.dashboard.texts import LOCALE, Texts
from tests.dashboard.conftest import Open
from tests.dashboard.given_pages import Pages, text_of


def test_every_page_lets_nothing_foreign_in_and_is_kept_by_no_cache(pages: Pages) -> None:
    for path, status in (("/", 200), ("/leads/none", 404)):
        answer = pages.get(path)
        assert answer.status_code == status
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not re.search(
            r"""(?:src|href|action)=["']?(?:https?:)?//|\sstyle=|\son[a-z]+=|<style|<script>""", answer.text
        )


def test_an_error_is_a_page_in_the_readers_language(pages: Pages) -> None:
    answer = pages.get("/leads/none/nothing", Accept_Language="zh-TW,zh;q=0.9,en;q=0.8")
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
    assert '<html lang="zh-CN">' in answer.text and "这里什么也没有" in text_of(answer)
    assert "Nothing is here" in text_of(pages.get("/leads/none/nothing"))


def test_who_is_refused_a_choice_gets_back_to_its_page_by_a_link(pages: Pages) -> None:
    for address in ("/sources?period=own&from=2026-06-02&to=2026-06-01", "/?cursor=x", "/signals?after=x"):
        answer = pages.get(address)
        path = address.partition("?")[0]
        assert answer.status_code == 400 and f'<a href="{path}">This page without' in answer.text, address
        assert pages.get(path).status_code == 200
    assert "This page without" not in pages.get("/leads/nobody?span=all").text, "it is no page of anybody"


def test_what_is_refused_before_any_page_is_told_in_the_readers_language(pages: Pages) -> None:
    chinese = {"leadline_lang": "zh-CN"}
    large = pages.post("/leads/none/note", chinese, note="a" * 200_000)
    assert large.status_code == 413 and "<h1>操作未完成</h1>" in large.text
    unasked = pages.post("/", chinese)
    assert unasked.status_code == 405 and "<h1>地址不正确</h1>" in unasked.text


def test_what_nobody_expected_is_a_page_too(dashboard_of: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = dashboard_of()
    monkeypatch.setattr("api.dashboard.pages.leads.call_list", lambda *_, **__: 1 / 0)
    answer = pages.get("/")
    assert answer.status_code == 500 and "Something went wrong" in text_of(answer)
    assert "division" not in answer.text


def test_only_whom_the_guard_lets_in_sees_a_page(pages: Pages) -> None:
    answer = pages.get("/", Authorization="Bearer wrong")
    assert answer.status_code == 401 and "Please sign in" in text_of(answer)
    style = re.search(r'href="(/static/[^"]+\.css)"', answer.text)
    assert style is not None and pages.get(style[1], Authorization="").status_code == 200


@pytest.mark.parametrize(
    ("query", "cookie", "header", "tag"),
    [
        ("?lang=zh-CN", None, "en", "zh-CN"),
        ("?lang=zh", None, "en", "zh-CN"),
        ("", "zh-CN", "en", "zh-CN"),
        ("?lang=en", "zh-CN", "zh", "en"),
        ("", None, "fr;q=0.9, zh-Hans;q=0.5, en;q=0.4", "zh-CN"),
        ("", None, "en-GB, zh;q=0.5", "en"),
        ("?lang=tlh", "tlh", "tlh", "en"),
        ("", None, "", "en"),
    ],
)
def test_the_language_is_that_of_the_address_else_the_cookie_else_the_browser(
    pages: Pages, query: str, cookie: str | None, header: str, tag: str
) -> None:
    answer = pages.get(f"/{query}", cookies={"leadline_lang": cookie} if cookie else None, Accept_Language=header)
    assert f'<html lang="{tag}">' in answer.text


def test_who_chooses_a_language_keeps_it_and_the_page(pages: Pages) -> None:
    answer = pages.get("/?q=a&lang=zh")
    assert answer.cookies["leadline_lang"] == "zh-CN"
    assert 'href="/?q=a&amp;lang=en"' in answer.text
    assert "leadline_lang" not in pages.get("/").cookies


def test_a_third_language_is_one_file(tmp_path: Path, dashboard_of: Open) -> None:
    for file in LOCALE.glob("*.po"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    text = f'{header}\nmsgid "Who to call now"\nmsgstr "Kiun voki nun"\n'
    (tmp_path / "eo.po").write_text(text, encoding="utf-8")
    answer = dashboard_of(shell=Shell(Texts(tmp_path))).get("/?lang=eo")
    assert '<html lang="eo">' in answer.text and "<h1>Kiun voki nun</h1>" in answer.text
    assert 'hreflang="zh-CN"' in answer.text and "Esperanto" not in text_of(answer)


def test_files_are_kept_for_ever_under_the_name_of_their_content(pages: Pages) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', pages.get("/").text)
    assert {Path(each).suffix for each in named} == {".css", ".js", ".svg"}
    for each in named:
        answer = pages.get(each)
        assert answer.status_code == 200 and answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert pages.get("/static/leadline.css").status_code == 404
    assert pages.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_templates_texts_and_files_are_part_of_the_package() -> None:
    package = files("api.dashboard")
    for name in ("templates/base.html", "static/leadline.css", "static/leadline.js", "locale/zh_CN.po"):
        assert package.joinpath(name).is_file(), name


def test_no_door_of_the_collector_stands_at_a_place_of_the_dashboard() -> None:
    doors = ("/v1/track", "/v1/b", "/f/contact", "/a/token", "/thanks", "/healthz", "/readyz", "/metrics", "/api/leads")
    assert not any(map(is_of_dashboard, doors))
    assert all(is_of_dashboard(f"/{place}") for place in PLACES)
