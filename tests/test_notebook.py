"""The analyst's notebook: every cell is executed as it is checked in, on both databases, and says what reports say."""

import re
from base64 import b64decode
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image

from tests.conftest import migrated
from tests.given_samples import Shell, sample
from tests.given_views import read_only_role
from tests.notebook.executing import NOTEBOOK, code, errors, executed, fonts, lines, pictures, read
from tests.notebook.playing import of_database, play, play_an_hour
from tests.services.postgres import PostgresServer

ROOT = Path(__file__).parents[1]
LARGEST = 500_000
"""Bytes of the file: it is shown as a page."""
FOREIGN = re.compile(r"(^|[\s'\"=(])/\w+/|[A-Z]:\\|\w+://|localhost|127\.0\.0\.1|\w@\w")
"""What no output may show: paths of a machine, hosts, people."""


@pytest.fixture(scope="module")
def notebook() -> Any:
    """As it is checked in."""
    return read()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The URL of the demo's weeks, and their folder."""
    folder = tmp_path_factory.mktemp("weeks")
    url = migrated(f"sqlite:///{folder / 'leadline.db'}")
    play(url, folder)
    return url, folder


@pytest.fixture(scope="module")
def now(notebook: Any, on_sqlite: tuple[str, Path]) -> Any:
    """Executed on that, as its owner."""
    url, folder = on_sqlite
    return executed(_bare(notebook), of_database(url), folder)


def _bare(notebook: Any) -> Any:
    """Without outputs."""
    bare = deepcopy(notebook)
    for cell in code(bare):
        cell.outputs, cell.execution_count = [], None
    return bare


def test_what_is_executed_is_what_is_checked_in_and_nothing_warns(notebook: Any, now: Any) -> None:
    assert [cell.source for cell in now.cells] == [cell.source for cell in notebook.cells]
    assert [cell.execution_count for cell in code(now)] == list(range(1, len(code(now)) + 1))
    assert errors(now) == []


def test_its_numbers_are_those_of_the_reports(now: Any) -> None:
    compared = {line.partition(" --")[0] for line in lines(now) if ": the same " in line}
    assert compared == {
        "leadline report daily", "leadline funnel signup", "leadline report stages: the same 3 numbers",
        "leadline report cohorts", "leadline report mail: the same 2 numbers", "leadline report mail",
        "leadline report channels", "leadline report attribution",
    }  # fmt: skip
    assert not [line for line in lines(now) if "not compared" in line]


def test_a_query_that_counts_otherwise_is_an_error(notebook: Any, on_sqlite: tuple[str, Path]) -> None:
    url, folder = on_sqlite
    wrong = _bare(notebook)
    place = next(place for place, cell in enumerate(wrong.cells) if cell.id == "leads-code")
    wrong.cells = wrong.cells[: place + 1]
    wrong.cells[place].source = wrong.cells[place].source.replace("WHERE identified AND", "WHERE hot AND")
    with pytest.raises(CellExecutionError, match="leadline report daily"):
        executed(wrong, of_database(url), folder)


def test_the_outputs_that_are_checked_in_are_those_of_now(notebook: Any, now: Any) -> None:
    """Run `make notebook` where it fails."""
    assert lines(notebook) == lines(now)
    shown, drawn = list(pictures(notebook)), list(pictures(now))
    assert [_size(each) for each in shown] == [_size(each) for each in drawn] and len(shown) == 9
    assert [_differ(*pair) for pair in zip(shown, drawn, strict=True)] == [False] * 9


def _size(picture: str) -> tuple[int, int]:
    with Image.open(BytesIO(b64decode(picture))) as image:
        return image.size


def _differ(shown: str, drawn: str) -> bool:
    """Whether these are other pictures: more than a hundredth of their points differ by more than few colours do."""
    with Image.open(BytesIO(b64decode(shown))) as one, Image.open(BytesIO(b64decode(drawn))) as other:
        points = zip(one.convert("L").tobytes(), other.convert("L").tobytes(), strict=True)
        return sum(abs(a - b) > 48 for a, b in points) > one.width * one.height / 100


def test_a_role_that_reads_the_views_alone_sees_the_same_pictures(
    now: Any, on_sqlite: tuple[str, Path], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """On PostgreSQL, by the page's own command."""
    url = migrated(postgres_server.create())
    play(url, tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    pasted = sample("analyse-in-a-notebook.md", "cp docs/how-to/analyse.ipynb")
    own = {name: str(tmp_path / name.lower()) for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    own["MPLCONFIGDIR"] = str(fonts(on_sqlite[1]))
    with read_only_role(url) as analyst:
        theirs = re.sub(r"'postgresql:.*'", lambda _: f"'{analyst}'", pasted)
        Shell(tmp_path, **own).pastes(theirs)
    postgres_server.drop(url)
    told = nbformat.read(tmp_path / "leads.ipynb", as_version=4)
    assert errors(told) == []
    assert [_differ(*pair) for pair in _told_alike(now, told)] == [False] * 8
    assert sum("not compared: leadline " in line for line in lines(told)) == sum(": the same " in x for x in lines(now))


def test_it_draws_what_there_is_without_the_program(
    notebook: Any, on_sqlite: tuple[str, Path], migrated_sqlite_url: str
) -> None:
    """An hour of traffic, of which there is no money; nothing is on the PATH to compare with."""
    play_an_hour(migrated_sqlite_url)
    told = executed(_bare(notebook), {**of_database(migrated_sqlite_url), "PATH": ""}, on_sqlite[1])
    assert errors(told) == [] and len(list(pictures(told))) == 9
    assert not [line for line in lines(told) if ": the same " in line]


def _told_alike(now: Any, told: Any) -> list[tuple[str, str]]:
    """The pictures of both, but the funnel's: what its steps ask for the report tells, which the role cannot ask."""
    pairs = list(zip(pictures(now), pictures(told), strict=True))
    return pairs[:1] + pairs[2:]


def test_outputs_show_no_machine_and_no_person(notebook: Any) -> None:
    assert NOTEBOOK.stat().st_size < LARGEST
    for line in _shown(notebook):
        assert not FOREIGN.search(line), line
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert not any(cell.metadata for cell in notebook.cells)


def _shown(notebook: Any) -> Iterator[str]:
    """All text in its outputs, and in the pictures beside the picture."""
    yield from lines(notebook)
    for cell in code(notebook):
        for output in cell.outputs:
            yield from (value for kind, value in output.get("data", {}).items() if kind.startswith("text/"))
    for picture in pictures(notebook):
        with Image.open(BytesIO(b64decode(picture))) as image:
            yield from map(str, image.info.values())


def test_its_links_lead_somewhere(notebook: Any) -> None:
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    assert targets and not [target for target in targets if not (NOTEBOOK.parent / target).exists()]


def test_every_picture_is_followed_by_what_misleads_in_it(notebook: Any) -> None:
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            assert after.source.startswith("**Where small numbers mislead.**"), cell.id
