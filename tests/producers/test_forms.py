"""Forms and the pixel as browsers meet them: what becomes a touchpoint, where a visitor goes, which sites may send."""

from pathlib import Path

import pytest

from producers.reading.conventions import Conventions
from tests.producers.collecting import Collecting

HTML = {
    "accept": "text/html,*/*;q=0.8",
    "origin": "https://www.example.com",
    "referer": "https://www.example.com/kontakt?utm_source=x",
}


def test_a_form_is_a_touchpoint_and_a_redirect(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com, https://shop.example.com:8443")
    fields = {
        "email": " Alice@Example.com ", "phone": "+86 138 0000 0000", "user_id": "u-1", "_aid": "anon-1",
        "first_name": "Alice", "title": "CEO", "country": "", "message": "Hi", "interests": ["a", "b"],
        "_redirect": "/danke", "_gotcha": "",
    }  # fmt: skip
    answer = door.post("/f/contact-us?utm_campaign=spring", data=fields, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://www.example.com/danke")
    (found,) = door.touchpoints()
    assert [str(each) for each in found.identities] == [
        "email:alice@example.com", "phone:+8613800000000", "anonymous_id:anon-1",
    ]  # fmt: skip
    assert (found.type, found.source.kind, found.source.name) == ("form_submitted", "browser", "www.example.com")
    person = {"email": "alice@example.com", "phone": "+8613800000000", "first_name": "Alice", "title": "CEO"}
    assert found.profile == person
    assert found.properties["form"] == "contact-us" and found.properties["interests"] == ["a", "b"]
    assert found.properties["path"] == "/kontakt" and found.properties["user_id"] == "u-1"
    assert not [key for key in found.properties if key.startswith("_")]
    assert found.context["campaign"] == {"name": "spring"}


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "https://www.example.com@evil.example",
     "https:\\\\evil.example", "/\\evil.example", "", "http://[", "https://www.example.com.evil.example"],
)  # fmt: skip
def test_a_form_sends_nobody_elsewhere(tmp_path: Path, wanted: str) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com")
    answer = door.post("/f/contact", data={"email": "a@example.com", "_redirect": wanted}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/thanks")
    assert len(door.touchpoints()) == 1
    assert "<h1>Thank you</h1>" in door.ask("GET", "/thanks").text
    assert "谢谢" in door.ask("GET", "/thanks", headers={"accept-language": "zh-CN,zh;q=0.9"}).text


def test_forms_of_other_sites_are_refused(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text="https://www.example.com")
    for headers in ({}, {"origin": "null"}, {"origin": "https://evil.example"}, {"referer": "http://www.example.com/"}):
        answer = door.post("/f/contact", data={"email": "a@example.com"}, headers=headers)
        assert answer.status_code == 403 and "LEADLINE_SITES" in answer.json()["detail"]
        assert "access-control-allow-origin" not in answer.headers
        dot = door.ask("GET", "/p.gif?aid=a", headers=headers)
        assert dot.status_code == 403 and len(dot.content) == 43
    assert door.touchpoints() == [] and door.rejected() == []


def test_a_filled_honeypot_was_a_machine(door: Collecting) -> None:
    door.post("/f/contact", data={"email": "a@example.com", "_gotcha": "http://spam.example"})
    assert door.touchpoints()[0].context["machine"] == "honeypot"


def test_a_form_without_an_identity_is_kept_and_its_visitor_sees_no_error(door: Collecting) -> None:
    answer = door.post("/f/contact", data={"message": "call me"})
    assert answer.status_code == 303
    (kept,) = door.rejected()
    assert kept.value == b"message=call+me" and b"identity" in (kept.header("leadline.reason") or b"")
    told = door.post("/f/contact", {"message": "call me"}).json()
    assert told["rejected"][0]["item"] == 0


def test_scripts_get_json_and_not_a_page(door: Collecting) -> None:
    answer = door.post("/f/contact", {"email": "a@example.com"})
    assert (answer.status_code, answer.json()) == (202, {"success": True})
    asks = {"accept": "application/json"}
    assert door.post("/f/contact", data={"email": "a@example.com"}, headers=asks).status_code == 202
    assert door.post("/f/contact", [1]).status_code == 400
    assert door.post("/f/contact", content=b"{").status_code == 400
    assert [entry.value for entry in door.rejected()] == [b"[1]", b"{"]


def test_of_an_uploaded_file_its_name_is_kept(door: Collecting) -> None:
    files = {"cv": ("简历.pdf", b"%PDF-", "application/pdf")}
    door.post("/f/jobs", data={"email": "a@example.com"}, files=files)
    assert door.touchpoints()[0].properties["cv"] == "简历.pdf"


def test_a_gbk_form(door: Collecting) -> None:
    door.post("/f/contact", content=b"email=a%40example.com&company=" + "示例".encode("gbk"))
    door.ask("GET", "/f/contact?email=a%40example.com&company=%CA%BE%C0%FD")
    assert {found.profile["company"] for found in door.touchpoints()} == {"示例"}


def test_a_submission_with_an_id_is_known_again(door: Collecting) -> None:
    for _ in range(2):
        door.post("/f/contact", data={"email": "a@example.com", "_id": "s-1"})
    assert [found.id for found in door.touchpoints()] == ["s-1", "s-1"]


# ---- the pixel ----


def test_the_pixel(door: Collecting) -> None:
    headers = {"referer": "https://www.example.com/pricing?utm_medium=cpc", "user-agent": "Test/1"}
    answer = door.ask("GET", "/p.gif?aid=anon-1&uid=u-1&t=Pricing&plan=a&plan=b&id=v-1", headers=headers)
    assert answer.content[:6] == b"GIF89a" and len(answer.content) == 43
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"] == "image/gif"
    (found,) = door.touchpoints()
    assert (found.id, found.type, found.source.name) == ("v-1", "page_viewed", "www.example.com")
    assert found.properties == {
        "plan": ["a", "b"], "uid": "u-1", "url": headers["referer"], "path": "/pricing", "title": "Pricing",
    }  # fmt: skip
    assert found.context == {"campaign": {"medium": "cpc"}, "userAgent": "Test/1"}


@pytest.mark.parametrize(
    "query", ["", "t=Pricing", "aid=null&uid=0", "e=erased&aid=a", "e=call_logged&aid=a", "&" * 1_100]
)
def test_a_pixel_that_is_refused_is_still_a_dot(door: Collecting, query: str) -> None:
    answer = door.ask("GET", f"/p.gif?{query}")
    assert answer.status_code == 200 and len(answer.content) == 43
    assert [entry.value for entry in door.rejected()] == [query.encode()] and door.touchpoints() == []


def test_link_checkers_do_nothing(door: Collecting) -> None:
    assert door.ask("HEAD", "/p.gif?aid=a").status_code == 200
    assert door.ask("HEAD", "/f/contact?email=a@example.com").status_code == 200
    assert door.touchpoints() == []


def test_a_referer_of_raw_utf8_is_read_as_such(door: Collecting) -> None:
    page = "https://www.example.com/café?utm_campaign=été".encode()
    door.post("/f/contact", data={"email": "a@example.com"}, headers={"referer": page})
    door.ask("GET", "/p.gif?aid=cookie", headers={"referer": page})
    for found in door.touchpoints():
        assert found.properties["path"] == "/café" and found.context["campaign"] == {"name": "été"}


@pytest.mark.parametrize(("languages", "word"), [
    ("en;q=0.1, zh-CN;q=0.9", "谢谢"), ("zh;q=0.1,en", "Thank"), ("fr-FR, zh-TW;q=0.5, en;q=0.4", "谢谢"),
    ("fr", "Thank"), ("", "Thank"), ("zh;q=0", "Thank"), ("zh;q=much", "Thank"),
    ("EN-gb,zh", "Thank"), ("zh ; q=0.8", "谢谢"),
])  # fmt: skip
def test_the_page_is_in_the_language_that_is_preferred(door: Collecting, languages: str, word: str) -> None:
    assert word in door.ask("GET", "/thanks", headers={"accept-language": languages}).text


# ---- files behind a form ----

SITE = "https://www.example.com"
BEHIND = Conventions(origins=frozenset({SITE}))
FILE = "/papers/Guide%20to%20heat.pdf"


def test_a_form_is_the_door_to_a_file(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text=SITE, conventions=BEHIND)
    fields = {"email": "ada@example.org", "company": "Engines", "_aid": "anon-1", "_id": "s-1", "_download": FILE}
    for _ in range(2):  # one that is sent twice is recorded once: the ids are the same
        answer = door.post("/f/guide?utm_campaign=spring", data={**fields, "_redirect": "/danke"}, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, SITE + FILE)
    submitted, downloaded, *again = door.touchpoints()
    assert [each.id for each in again] == [submitted.id, downloaded.id] == ["s-1", "s-1-file"]
    assert (submitted.type, downloaded.type) == ("form_submitted", "file_downloaded")
    assert downloaded.identities == submitted.identities and downloaded.source == submitted.source
    assert downloaded.properties == {
        "form": "guide", "file": "Guide%20to%20heat.pdf", "href": SITE + FILE,
        "url": f"{SITE}/kontakt?utm_source=x", "path": "/kontakt",
    }  # fmt: skip
    assert (submitted.occurred_at, submitted.seq + 1) == (downloaded.occurred_at, downloaded.seq)
    assert submitted.context["campaign"] == {"name": "spring"} and "campaign" not in downloaded.context
    assert "_download" not in submitted.properties


@pytest.mark.parametrize("wanted", ["https://evil.example/x.pdf", "//evil.example/x", "http://www.example.com/x", ""])
def test_a_file_elsewhere_is_none(tmp_path: Path, wanted: str) -> None:
    door = Collecting(tmp_path, sites_text=SITE, conventions=BEHIND)
    fields = {"email": "ada@example.org", "_download": wanted, "_redirect": "/danke"}
    answer = door.post("/f/guide", data=fields, headers=HTML)
    assert answer.headers["location"] == f"{SITE}/danke"
    assert [each.type for each in door.touchpoints()] == ["form_submitted"]


def test_a_machine_downloads_as_one(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text=SITE, conventions=BEHIND)
    door.post("/f/guide", data={"email": "ada@example.org", "_gotcha": "x", "_download": FILE}, headers=HTML)
    assert [each.context["machine"] for each in door.touchpoints()] == ["honeypot"] * 2


def test_who_names_nobody_gets_the_file_and_is_no_download(tmp_path: Path) -> None:
    door = Collecting(tmp_path, sites_text=SITE, conventions=BEHIND)
    answer = door.post("/f/guide", data={"email": "none", "_download": FILE}, headers=HTML)
    assert answer.headers["location"] == SITE + FILE and door.touchpoints() == [] and len(door.rejected()) == 1
