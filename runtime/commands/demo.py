"""`demo`: a server of its own, an hour of generated traffic through its real HTTP doors, and what became of it.

`--keep`: after months of history, which are imported.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from domain.errors import Failed
from domain.files.durations import HOUR
from domain.model.definition import parse_model
from projections.queries.leads import find_leads
from projections.queries.view import Reader, View
from projections.reports import signals as signal_report
from projections.reports.funnels.report import funnel as funnel_report
from projections.reports.segments import members as segment_report
from runtime.clock import clock
from runtime.commands.demo_story import import_history, work
from runtime.commands.options import AsJson, settings_of
from runtime.commands.segments import segments_listing
from runtime.demo.example_site import served_site
from runtime.demo.examples import EXAMPLES, SOFTWARE, DemoCompany, example_of
from runtime.demo.generator import Traffic, generate
from runtime.demo.player import Played, play
from runtime.setting_names import PREFIX
from runtime.setting_values import Bind
from runtime.settings import FILE_VARIABLE
from runtime.sockets import listen
from runtime.terminal.funnels import funnel_listing
from runtime.terminal.show import Column, Listing, cell, print_json, print_tables, progress, say
from runtime.terminal.words import Words, who
from runtime.waiting import Progressed, everything_published, until, wait_until_projected
from runtime.wiring import Wiring
from store.log.topics import TOUCHPOINTS

START: Final = 90.0
"""Seconds that the server has to be ready."""
PATIENCE: Final = 300.0
"""Seconds that everything has to be projected."""
_SEED: Final = (
    "The same seed plays the same traffic: the same leads, segments and funnels. How many changes are announced on the "
    "way depends on when the projector looks."
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Import months before, and stay up afterwards, until Ctrl-C.")
    ] = False,
    people: Annotated[int, typer.Option(min=1, max=20_000, help="How many people visit.")] = 200,
    seed: Annotated[int, typer.Option(help=_SEED)] = 1,
    model: Annotated[str, typer.Option(help=f"{', '.join(EXAMPLES)}, or the path of one's model.")] = SOFTWARE.name,
    as_json: AsJson = False,
) -> None:
    """Play an hour of made-up traffic, and show the hottest leads with their reasons."""
    example = example_of(model)
    folder = Path(tempfile.mkdtemp(prefix="leadline-demo-"))
    try:
        with (
            server(folder, example.model) as (process, bind),
            Wiring(settings_of(data=folder, model=example.model, bind=str(bind))) as wiring,
        ):
            if keep:
                say(f"The dashboard fills while this loads: http://{bind}/")
            traffic, played = tell(wiring, process, bind, example, folder=folder, seed=seed, people=people, months=keep)
            with Reader(wiring.existing, wiring.events, wiring.ids).view() as view:
                results = _results(view)
            if as_json:
                print_json({"requests": played.requests, "people": traffic.truth.leads, **results})
            else:
                _print_tables(results, example, traffic, played)
            tell_where = say if as_json else print
            if keep:
                with served_site(f"http://{bind}") as site:
                    tell_where(_UP.format(dashboard=f"http://{bind}", site=site))
                    _stay(process)
            else:
                tell_where(_GONE.format(dashboard=f"http://{bind}"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(
    wiring: Wiring,
    process: "subprocess.Popen[bytes]",
    bind: Bind,
    example: DemoCompany,
    *,
    folder: Path,
    seed: int,
    people: int,
    months: bool,
) -> tuple[Traffic, Played]:
    """Play the last hour through the doors; before it import `months`, and after it let sales work. Raises Failed."""
    now, settle = clock(), partial(_settle, wiring, process)
    traffic = generate(seed, now - HOUR, people, crowd=example.crowd)
    history = import_history(wiring, folder, example, seed, now, traffic, settle) if months else None
    with progress("playing an hour of traffic") as show_progress:
        played = play(bind.host, bind.port, traffic.requests, show_progress)
    settle()
    if history is not None:
        work(f"http://{bind}", example, history, seed, now, settle)
    return traffic, played


# ---- the server --------------------------------------------------------------------------------------------------


@contextmanager
def server(folder: Path, model: Path) -> Iterator[tuple[subprocess.Popen[bytes], Bind]]:
    """`leadline serve` in a process of its own, on a free port. Raises Failed where it does not start."""
    bind = _free()
    lines = folder / "server.log"
    (folder / "settings.toml").write_text("", encoding="utf-8")
    with lines.open("wb") as out:
        program = [sys.executable, "-P", "-c", "from runtime.entry import main; main()", "serve"]
        process = subprocess.Popen(
            program, env=_environment(folder, model, bind), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        if not until(lambda: process.poll() is not None or _ready(bind), START) or process.poll() is not None:
            last_lines = lines.read_text(encoding="utf-8", errors="replace")[-2_000:]
            raise Failed(f"the demo's server did not start:\n{last_lines}")
        yield process, bind
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _environment(folder: Path, model: Path, bind: Bind) -> Mapping[str, str]:
    """None of the caller's settings: the demo touches nothing of theirs."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {"MODEL": str(model), "DATA": str(folder), "BIND": str(bind), "LOG": "text"}
    return {
        **inherited,
        **{PREFIX + name: value for name, value in own.items()},
        FILE_VARIABLE: str(folder / "settings.toml"),
    }


def _free() -> Bind:
    with listen(Bind("127.0.0.1", 0)) as bound:
        return Bind("127.0.0.1", bound.getsockname()[1])


def _ready(bind: Bind) -> bool:
    try:
        with urllib.request.urlopen(f"http://{bind}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _settle(
    wiring: Wiring, process: "subprocess.Popen[bytes]", tell: Callable[[Progressed], None] = lambda now: None
) -> None:
    """Wait until all is projected: also what the server itself puts on the log, having announced hot leads."""
    settled = False
    while not settled:
        ends = wiring.log.ends([TOUCHPOINTS])
        gone = partial(_ended, process)
        published = wait_until_projected(wiring.existing, ends, tell, gone, PATIENCE) and until(
            lambda: _ended(process) or everything_published(wiring.existing), PATIENCE
        )
        if not published or _ended(process):
            raise Failed("the demo's server did not project everything in time")
        settled = wiring.log.ends([TOUCHPOINTS]) == ends


def _ended(process: "subprocess.Popen[bytes]") -> bool:
    return process.poll() is not None


def _stay(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait()
    except KeyboardInterrupt:
        say("stopping")


# ---- what became of it -------------------------------------------------------------------------------------------


def _results(view: View) -> dict[str, Any]:
    """What the read models say now: the hottest leads with their reasons, funnels, segments, counts of signals."""
    hottest = [each for each in find_leads(view, limit=30).items if each.identified][:8]
    kinds = Counter(each.kind for each in signal_report.signals(view.conn, 0, limit=10_000).items)
    return {
        "hottest": hottest,
        "funnels": [funnel_report(view, funnel.name) for funnel in view.model.funnels],
        "segments": segment_report.segments(view).items,
        "signals": dict(sorted(kinds.items())),
    }


def _print_tables(results: Mapping[str, Any], example: DemoCompany, traffic: Traffic, played: Played) -> None:
    pace = played.requests / max(played.seconds, 0.001)
    print(
        f"An hour of traffic, {played.requests:,} requests of {traffic.truth.leads:,} people, played in "
        f"{played.seconds:.1f} s ({pace:,.0f} requests/s)\n"
    )
    words = Words(parse_model(example.model.read_text(encoding="utf-8")))
    rows = [
        (
            who(each),
            each.profile.get("company"),
            each.heat,
            each.grade,
            each.hot,
            words.stage(each.stage),
            ", ".join(
                f"{reason.count} x {words.rule(reason.rule)} ({cell(reason.now)})" for reason in each.reasons[:4]
            ),
        )
        for each in results["hottest"]
    ]
    print_tables(
        Listing("The hottest leads", _HOTTEST, rows),
        *(funnel_listing(funnel, words) for funnel in results["funnels"]),
        segments_listing(results["segments"], words),
        Listing("Signals", (Column("kind"), Column("announced", number=True)), list(results["signals"].items())),
    )


_HOTTEST = (
    Column("who"),
    Column("company", 2),
    Column("heat", number=True),
    Column("grade", 4),
    Column("hot"),
    Column("stage", 3),
    Column("because of", 1),
)

_UP: Final = (
    "\nThe dashboard is at {dashboard}/ and the API at {dashboard}/api/docs, until you press Ctrl-C\n"
    "A web site with the tracker is at {site}/: click through it, send its contact form, and find yourself at"
    " {dashboard}/?order=last_seen"
)
_GONE: Final = (
    "\nThe dashboard was at {dashboard}/ and the API at {dashboard}/api/docs:"
    " `make demo ARGS=--keep` (`leadline demo --keep`) leaves them up"
)
