"""Settings: from environment, file and flags; every problem at once, in words, and never a secret."""

from pathlib import Path

import pytest

from domain.touchpoints.touchpoint import Source
from runtime.setting_values import Bind, without_password
from runtime.settings import VARIABLES, Settings, SettingsError, read_settings

SECRET = "sample-secret-that-must-not-be-shown"


def told(environment: dict[str, str], **flags: object) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings(environment, **flags)
    return "\n".join(refused.value.problems)


def test_without_anything_it_is_the_embedded_mode_on_loopback() -> None:
    settings = read_settings({})
    assert settings.model == Path("leadline.toml") and settings.data == Path("leadline-data")
    assert settings.database is None and settings.kafka == ()
    assert settings.bind == Bind("127.0.0.1", 8787) and settings.bind.loopback
    assert settings.write_keys.open and settings.sites.open and settings.token is None
    assert settings.database_url.startswith("sqlite:////")
    settings.refuse_open_access()


def test_flags_win_over_the_environment_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('model = "file.toml"\ndata = "file-data"\nbind = "127.0.0.1:1"\nsites = ["https://a.example"]\n')
    settings = read_settings({"LEADLINE_SETTINGS": str(file), "LEADLINE_DATA": "data", "LEADLINE_BIND": "127.0.0.1:2"})
    assert (str(settings.model), str(settings.data), settings.bind.port) == ("file.toml", "data", 2)
    assert settings.sites.origins == {"https://a.example"}
    flagged = read_settings({"LEADLINE_BIND": "127.0.0.1:2"}, bind="[::1]:3", data=None)
    assert flagged.bind == Bind("::1", 3) and flagged.bind.loopback and str(flagged.bind) == "[::1]:3"


def test_a_file_of_the_usual_name_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leadline-settings.toml").write_text('write_keys = ["shop:server:sample-key"]\n')
    settings = read_settings({})
    assert settings.write_keys.source(["sample-key"]) == Source("server", "shop")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("modle = 1\nspool_limit = 7\ndata = 1\n")
    text = told({
        "LEADLINE_SETTINGS": str(file), "LEADLINE_BINDD": "x", "LEADLINE_BIND": "nowhere", "LEADLINE_LOG": "xml",
        "LEADLINE_SITES": "https://a.example/path", "LEADLINE_WRITE_KEYS": f"shop:{SECRET}",
        "LEADLINE_DATABASE": f"mysql://u:{SECRET}@h/db", "LEADLINE_KAFKA": "kafka", "LEADLINE_ID_KEY": "short",
        "LEADLINE_API_TOKEN": "short", "LEADLINE_TOKEN": "x", "LEADLINE_LOG_LEVEL": "loud", "LEADLINE_PROXIES": "px",
        "LEADLINE_PAST_VIEWS": "0", "LEADLINE_PAST_VIEWS_DAYS": "soon",
    })  # fmt: skip
    for words in (
        "LEADLINE_BINDD: no such setting; did you mean LEADLINE_BIND?",
        f"settings file {file}: modle: no such setting; did you mean model?",
        f"settings file {file}: spool_limit: found 7, allowed is a size of at least 1MB",
        f"settings file {file}: data: found 1, allowed is the path of a folder",
        "LEADLINE_TOKEN: no such setting; did you mean LEADLINE_API_TOKEN?",
        "LEADLINE_LOG_LEVEL: found 'loud', allowed is debug, info, warning or error",
        "LEADLINE_PROXIES: found 'px', 'px' is no address: allowed are such as 10.0.0.7",
        "LEADLINE_BIND: found 'nowhere', allowed is HOST:PORT",
        "LEADLINE_PAST_VIEWS: found '0', allowed is at least 1",
        "LEADLINE_PAST_VIEWS_DAYS: found 'soon', allowed is a whole number",
        "LEADLINE_LOG: found 'xml', allowed is auto, text or json",
        "LEADLINE_SITES: found 'https://a.example/path', allowed are origins",
        "LEADLINE_WRITE_KEYS, key 1: allowed is NAME:public:KEY or NAME:server:KEY",
        "LEADLINE_DATABASE: allowed is postgresql://",
        "LEADLINE_KAFKA: found 'kafka', 'kafka' is no address",
        "LEADLINE_ID_KEY: allowed is a text of at least 16 bytes",
        "LEADLINE_API_TOKEN: allowed is a text of at least 8 characters",
    ):
        assert words in text
    assert SECRET not in text and "short" not in text


@pytest.mark.parametrize("place", ["h:port/db", "h:99999/db", "h:5432x/db", "u:a[b@h/db", "[::1/db", "u:a/b@h/db"])
def test_a_database_url_that_cannot_be_read_says_how_it_is_written(place: str) -> None:
    text = told({"LEADLINE_DATABASE": f"postgresql://{place}"})
    assert text.startswith("LEADLINE_DATABASE: allowed is postgresql://USER:PASSWORD@HOST:PORT/NAME: PORT is a number")
    assert "%5B" in text and place not in text
    assert read_settings({"LEADLINE_DATABASE": "postgresql://u:a%5Bb@[::1]:5432/db"}).database is not None


def test_the_address_that_people_open_is_one_of_the_web() -> None:
    assert (
        read_settings({"LEADLINE_PUBLIC_URL": "https://leads.example.com/"}).public_url == "https://leads.example.com"
    )
    assert "https://leads.example.com" in told({"LEADLINE_PUBLIC_URL": "leads.example.com"})


@pytest.mark.parametrize("address", [
    "https://ana:password@leads.example.com", "https://leads.example.com/a b", "https://leads.example.com:99999",
    "https://leads.example.com:port", "https://leads.example.com/<b>", 'https://leads.example.com/"', "ftp://example.com",
    "https://leads.example.com\n.example.org", "https://leads.example.com/\u202e", "https://x.de/?a=1", "https://",
    "https://[::1",
])  # fmt: skip
def test_an_address_that_is_not_whole_in_a_message_is_refused(address: str) -> None:
    text = told({"LEADLINE_PUBLIC_URL": address})
    assert text.startswith("LEADLINE_PUBLIC_URL: ") and "allowed is an address" in text and ":password" not in text


@pytest.mark.parametrize("address", [
    "https://leads.example.com/leadline", "http://[::1]:8787", "https://m\u00fcnchen.example", "http://localhost:8787/x",
])  # fmt: skip
def test_an_address_may_have_a_path(address: str) -> None:
    assert read_settings({"LEADLINE_PUBLIC_URL": f"{address}/"}).public_url == address


@pytest.mark.parametrize("name", ["api", "promote", "default", "forms", "pixel", "policy"])
def test_a_source_has_no_name_of_ours(name: str) -> None:
    text = told({"LEADLINE_WRITE_KEYS": f"web:public:a,{name}:server:{SECRET}"})
    assert f"LEADLINE_WRITE_KEYS, key 2: found name '{name}'" in text and SECRET not in text


def test_a_variable_that_is_like_none_lists_them_all() -> None:
    assert "LEADLINE_WEBHOOK: no such setting; allowed are LEADLINE_MODEL" in told({"LEADLINE_WEBHOOK": "x"})


def test_a_settings_file_that_is_not_there_or_no_toml_is_told(tmp_path: Path) -> None:
    assert "there is no file" in told({"LEADLINE_SETTINGS": str(tmp_path / "none.toml")})
    file = tmp_path / "wrong.toml"
    file.write_text("= 1")
    assert f"settings file {file}" in told({"LEADLINE_SETTINGS": str(file)})


def test_variables_of_tests_and_empty_ones_are_not_settings() -> None:
    settings = read_settings({"LEADLINE_TEST_POSTGRES": "postgresql://x", "LEADLINE_API_TOKEN": ""})
    assert settings.token is None


def test_others_reach_only_doors_that_ask_for_something() -> None:
    settings = read_settings({"LEADLINE_BIND": "0.0.0.0:8787"})
    with pytest.raises(SettingsError) as refused:
        settings.refuse_open_access()
    [problem] = refused.value.problems
    assert all(name in problem for name in ("LEADLINE_WRITE_KEYS", "LEADLINE_SITES"))
    closed = read_settings({
        "LEADLINE_BIND": "0.0.0.0:8787", "LEADLINE_WRITE_KEYS": "web:public:sample-key",
        "LEADLINE_SITES": "https://a.example",
    })  # fmt: skip
    closed.refuse_open_access()  # without a token nobody else may ask


@pytest.mark.parametrize("name", ["Authorization", "x-forwarded-for", "Host", "X Email", "X-Ämail"])
def test_a_login_header_is_one_that_says_nothing_else(name: str) -> None:
    assert read_settings({"LEADLINE_LOGIN_HEADER": "X-Forwarded-Email"}).login_header == "X-Forwarded-Email"
    with pytest.raises(SettingsError, match="LEADLINE_LOGIN_HEADER"):
        read_settings({"LEADLINE_LOGIN_HEADER": name})


def test_no_secret_is_ever_shown() -> None:
    settings = read_settings({
        "LEADLINE_DATABASE": f"postgresql://leadline:{SECRET}@db:5432/leadline?password={SECRET}",
        "LEADLINE_WRITE_KEYS": f"web:public:{SECRET}", "LEADLINE_API_TOKEN": SECRET, "LEADLINE_ID_KEY": SECRET,
    })  # fmt: skip
    for text in (repr(settings), str(settings), str(settings.shown())):
        assert SECRET not in text
    assert settings.shown()["LEADLINE_DATABASE"] == "postgresql://leadline@db:5432/leadline"
    assert settings.shown()["LEADLINE_WRITE_KEYS"] == "web:browser:***"
    assert settings.database_url.count(SECRET) == 2 and settings.token == SECRET
    assert without_password("postgresql://h/db") == "postgresql://h/db"


@pytest.mark.parametrize("name", ["BERLIN_KEY", "BERLIN_URL", "SALES_KEY", "CRM_URL"])
def test_a_destinations_variable_is_no_misspelled_setting(name: str) -> None:
    assert read_settings({f"LEADLINE_{name}": "x"})


@pytest.mark.parametrize("name", ["LINKS_KEY", "PUBLIC_URI", "PUBLC_URL", "WRITE_KEY"])
def test_a_setting_misspelled_is_no_destinations_variable(name: str) -> None:
    assert "did you mean" in told({f"LEADLINE_{name}": "x"})


def test_keys_seal_links_and_are_shown_to_nobody() -> None:
    both = read_settings({"LEADLINE_LINK_KEY": "the next key of links, the key of before"})
    assert both.links.keys is not None and both.links.public_url is None
    assert both.shown()["LEADLINE_LINK_KEY"] == "***,***"
    assert read_settings({}).links.keys is None


@pytest.mark.parametrize(
    "text", ["too short", "short, shorter", ",".join(f"a key of links, number {n}" for n in range(21))]
)
def test_other_keys_of_links_are_refused_unseen(text: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"LEADLINE_LINK_KEY": text})
    assert "at least 16 characters" in str(error.value) and text not in str(error.value)


def test_the_id_key_is_hexadecimal_or_a_text() -> None:
    assert read_settings({"LEADLINE_ID_KEY": "00ff" * 8}).id_key_bytes == bytes.fromhex("00ff" * 8)
    assert read_settings({"LEADLINE_ID_KEY": "a sample text of enough bytes"}).id_key_bytes == (
        b"a sample text of enough bytes"
    )


def test_every_setting_is_described_and_shown() -> None:
    assert {f"LEADLINE_{name.upper()}" for name in Settings.model_fields} == set(read_settings({}).shown())
    assert all(field.description for field in Settings.model_fields.values())
    assert {"LEADLINE_MODEL", "LEADLINE_SPOOL_LIMIT", "LEADLINE_SETTINGS"} <= set(VARIABLES)
