"""The documentation says what the code does: commands, settings, topics, endpoints, files, and examples that run."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import typer
import yaml
from prometheus_client import CollectorRegistry

from consumers.publish.messages import message
from domain.model.definition import parse_model
from domain.signals.kinds import TRAITS, SignalKind, Topic
from domain.touchpoints.claims import OWN_SOURCES
from producers.imports.mapping import parse_mapping
from projections.read_models.registry import COUNTS, FAMILIES
from runtime.applications import collector_app, inside
from runtime.cli import create_app
from runtime.settings import VARIABLES, Settings, read_settings
from runtime.wiring import Wiring
from runtime.workers import Workers
from scripts.reference import FOLDER, PAGES, commands
from store.database.tables import deadlines, ledger, live
from store.ledger import Signal
from store.log import topics
from tests.given_samples import SAMPLES, blocks, pages
from tests.services import kafka, postgres
from web.health import Health
from web.private import Private

ROOT = Path(__file__).parents[1]
DOCS = sorted(
    [
        ROOT / "README.md",
        ROOT / "README.zh.md",
        ROOT / "CHANGELOG.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
LEAD = UUID("00000000-0000-4000-8000-000000000001")
EVERYWHERE = pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("name", PAGES)
def test_pages_made_from_the_code_are_current(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), f"run `make docs`: docs/reference/{name} is behind the code"


@EVERYWHERE
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_every_page_is_reached_by_links_from_the_readme() -> None:
    """Only from page to page: in the site made of them, the navigation leads to all, and on GitHub there is none."""
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.is_dir():  # of which GitHub shows a list
            waiting += page.glob("*.md")
        if page.suffix == ".md":
            links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
            waiting += [(page.parent / link).resolve() for link in links if "://" not in link]
    documents = [page for page in (ROOT / "docs").rglob("*") if page.suffix in (".md", ".ipynb", ".yaml")]
    assert [str(page.relative_to(ROOT)) for page in sorted(documents) if page not in reached] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/explanation/how-it-works.md"])
def test_named_files_exist(page: str) -> None:
    rooms = "api|consumers|docs|domain|producers|projections|runtime|store|tests|web"
    named = re.findall(rf"`((?:{rooms})/[\w./]*)`", (ROOT / page).read_text())
    assert named and [name for name in named if not (ROOT / name).exists()] == []


@EVERYWHERE
def test_commands_exist(page: Path) -> None:
    known = {path for path, _ in commands(typer.main.get_command(create_app()))}
    groups = {path.split()[0] for path in known if " " in path}
    known |= {path.rpartition(" ")[0] for path in known if " " in path}  # `notify dead`
    for words in re.findall(r"(?:`|^|bin/)leadline ([a-z]+(?: [a-z]+)?)", page.read_text(), re.MULTILINE):
        first = words.split()[0]
        assert words in known or (first in groups | known and words == first) or first in known - groups, words


@EVERYWHERE
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets


@EVERYWHERE
def test_settings_are_known(page: Path) -> None:
    of_destinations = {name for file in DOCS for name in re.findall(r'env = "(LEADLINE_\w+)"', file.read_text())}
    known = {*VARIABLES, *of_destinations, postgres.GIVEN, kafka.GIVEN}
    assert set(re.findall(r"\bLEADLINE_[A-Z]+(?:_[A-Z]+)*", page.read_text())) <= known


def test_tables_for_analysts_are_documented() -> None:
    sections = (FOLDER / "tables.md").read_text().split("\n## ")
    said = {name: set(re.findall(r"`(\w+)`", part)) for part in sections for name in part.splitlines()[0].split(", ")}
    for table in (family.table(live) for family in FAMILIES):
        assert {column.name for column in table.columns} <= said[table.name], table.name
    for table in (deadlines, *(count.table(live) for count in COUNTS)):
        assert {column.name for column in table.columns} <= said[table.name], table.name
    for view in (topic.view for topic in Topic):
        assert {column.name for column in ledger.columns} - {"asks", "identity"} <= said[view]


@pytest.mark.parametrize("page", ["how-to/connect-a-website.md", "reference/mapping-file.md"])
def test_the_names_of_our_own_sources_are_documented(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert [name for name in sorted(OWN_SOURCES) if f"`{name}`" not in text] == []


def test_topics_and_kinds_are_documented() -> None:
    text = (FOLDER / "topics.md").read_text()
    for name in (*topics.ALL, *SignalKind):
        assert name in text, name
    named = set(re.findall(r"leadline\.(?:touchpoints|hot|segment|stage|hand)[a-z.-]*(?<![.-])", text))
    assert named <= set(topics.ALL)


@pytest.mark.parametrize("kind", SignalKind)
def test_messages_are_as_the_asyncapi_document_says(kind: SignalKind) -> None:
    document = yaml.safe_load(PAGES["asyncapi.yaml"]())
    signal = Signal(7, f"{LEAD}:{kind}:1", kind, LEAD, LEAD, "vip", 1_700_000_000_000_000, None, "{}", None)
    record = message(signal)
    said = document["components"]["messages"][kind.replace(".", "-")]
    assert {name for name, _ in record.headers} == set(said["headers"]["properties"])
    fields = document["components"]["schemas"]["SignalShape"]
    assert set(orjson.loads(record.value)) == set(fields["properties"]) == set(fields["required"])
    topic = TRAITS[kind].topic
    carried = document["channels"][topic.replace(".", "-")]
    assert carried["address"] == topic and kind.replace(".", "-") in carried["messages"]


def _routes(folder: Path) -> Iterator[tuple[str, str]]:
    """(method, path with its parameters as {}) of every endpoint."""
    with Wiring(read_settings({"LEADLINE_LINK_KEY": "a key of the tests"}, data=folder)) as wiring:
        health = Health(Private(None), CollectorRegistry(), lambda: None)
        for route in collector_app(wiring, health).routes:  # type: ignore[attr-defined]
            for method in route.methods - {"OPTIONS", "HEAD"}:
                yield method, _plain(route.path)
        wiring.database.migrate()
        api = inside(wiring, wiring.collector_log, Workers(), Private(None)).api
        for path, methods in api.openapi()["paths"].items():  # type: ignore[attr-defined]
            yield from ((method.upper(), _plain(path)) for method in methods)
    yield from (("GET", path) for path in ("/api/docs", "/api/openapi.json"))


def _plain(path: str) -> str:
    path = re.sub(r"^/([oc])/.*", r"/\1/{}", path)
    return re.sub(r"\{[^}]*\}", "{}", path)


def _documented() -> Iterator[tuple[str, str]]:
    """The same of http.md: `POST /v1/track`; a path without a method has that of the one before it."""
    method = ""
    for found, path in re.findall(r"`(?:(GET|POST|DELETE) )?(/[\w./{}-]+)`", (FOLDER / "http.md").read_text()):
        method = found or method
        yield method, _plain(path)


def test_endpoints_are_documented(tmp_path: Path) -> None:
    routes, documented = set(_routes(tmp_path)), set(_documented())
    assert routes - documented == set(), "http.md lacks them"
    assert documented - routes == set(), "http.md has them, the applications have not"


STAGES = """
[[stages]]
name = "lead"
[[stages]]
name = "customer"
[[stages]]
name = "disqualified"
detour = true
"""
"""Of a page that shows something else of a model."""


@EVERYWHERE
def test_models_in_the_documentation_are_valid(page: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        raw = tomllib.loads(block)
        if "identities" in raw:
            parse_mapping(block)
        elif set(raw) <= set(Settings.model_fields) - {"model"}:
            Settings(**raw)
        else:
            parse_model(block + ("" if "stages" in raw else STAGES))


def _pasted(file: str) -> set[tuple[str, str]]:
    """Page and start of every block that a test file executes: what it gives to `sample`."""
    calls = (node for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.Call))
    return {
        (page, start)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "sample"
        for page, start in [[argument.value for argument in call.args if isinstance(argument, ast.Constant)]]
    }


@pytest.mark.parametrize("page", pages())
def test_every_block_of_a_how_to_page_is_executed_or_says_why_not(page: str) -> None:
    starts = SAMPLES.get(page, {})
    for block in blocks(page):
        known = [start for start in starts if block.startswith(start)]
        assert len(known) == 1, f"execute it, or say in tests/given_samples.py why not:\n{block}"
    for start, how in starts.items():
        assert sum(block.startswith(start) for block in blocks(page)) == 1, f"{page} has no such block: {start}"
        assert how.startswith("not executed: ") or (page, start) in _pasted(how), f"{how} does not execute {start}"


def test_pages_of_samples_exist() -> None:
    assert set(SAMPLES) <= set(pages())


@pytest.mark.parametrize("file", sorted((ROOT / "examples").rglob("*.toml")), ids=lambda file: file.name)
def test_examples_are_valid(file: Path) -> None:
    text = file.read_text()
    if "identities" in tomllib.loads(text):
        parse_mapping(text)
    else:
        parse_model(text)


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(page.name[:4]) for page in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
