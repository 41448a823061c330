"""The command line. Exit codes: 0 done, 1 done with a bad outcome, 2 refused before anything was done, 130 Ctrl-C."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from runtime.standard_streams import forgive_streams, give_up_output

_AS_JSON: Final = "leadline.as_json"
"""Where a context keeps whether its command answers in JSON."""

ROOMS: Final[Mapping[str, Mapping[str, str]]] = {
    "servers": {
        "serve": "Run everything in one process: collector, API, recorder, projector and publisher.",
        "collect": "Run the collector, the public doors: touchpoints over HTTP onto Kafka.",
        "api": "Run the private API: queries, signals and commands.",
        "consume": "Run a recorder: touchpoints from Kafka into the event store.",
        "project": "Run the projector and the publisher: read models, signal ledger, topics out.",
    },
    "importing": {"import": "Import a file's rows as touchpoints."},
    "costs": {"import-costs": "Import what channels cost."},
    "leads": {
        "leads": "List leads, narrowed and ordered as you say.",
        "lead": "Show one lead: how far it is from hot, every point explained, what the newest touchpoints did.",
    },
    "merging": {
        "merge": "Two leads are one person, for their whole history.",
        "unmerge": "Identities of a lead are another person's, whatever else links them.",
    },
    "handing_over": {"handover": "Who takes care of a lead: give it, answer for it, note something."},
    "working": {"work": "What is done with a lead: log a call, correct what is known, tag it."},
    "mail_links": {"links": "Links of mails, which report opens and clicks."},
    "funnels": {"funnel": "Show how far leads came in a funnel, how long it took, and where most are lost."},
    "segments": {"segments": "List segments and their sizes; who is or was in one, how it grew."},
    "reading": {"signals": "List what was announced, oldest first, and to whom that was delivered."},
    "stages": {"stages": "Show how many leads came to each stage, are in it and went on, and how long they stay."},
    "reports": {"report": "List the reports; or show one, as a table, JSON or CSV."},
    "findings": {"findings": "List what is missing, wrong or doubtful in what is known of leads."},
    "past": {"past": "Past views: what lists and reports are answered from with --as-of."},
    "owners": {
        "responses": "Show how soon owners did what was asked of them.",
        "deadlines": "List what is to be done about leads, due first first.",
    },
    "rejections": {"rejected": "Refused input: list it, and try it again."},
    "upkeep": {
        "rebuild": "Build the read models anew from the event store, beside the live ones, and switch.",
        "verify": "Refold everything and compare with the live read models; exit 1 if a row differs.",
        "model": "Check, compare and activate the model file.",
    },
    "exporting": {"export": "Write files that other programs read: views whole, touchpoints and signals as they come."},
    "backup": {
        "backup": "Copy the data folder's files into a new folder, while a server works on them or after a kill.",
        "restore": "Copy a backup into an empty data folder.",
    },
    "doctor": {"doctor": "Look at everything; exit 1 if something is wrong."},
    "starting": {"init": "Write a commented model file."},
    "demo": {"demo": "Play an hour of made-up traffic, and show the hottest leads with their reasons."},
    "tokens": {"token": "Who may ask the API and open the pages: make tokens, list and withdraw them."},
    "audit": {
        "audit": "List who took personal data out, made and withdrew tokens, and activated models, newest first."
    },
    "notifying": {"notify": "Tell the destinations of the model file of signals."},
    "refused": {"erase": "Erase a person: not built yet."},
}
"""The modules of `runtime.commands`, and what each adds, with the first line of its help: a command loads no other's
libraries, and the list of all loads none."""


class Commands(TyperGroup):
    """Tells every expected error in its own words, on stderr, with its exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note whether the command that follows shall answer in JSON, also where it is refused."""
        ctx.meta[_AS_JSON] = "--json" in args
        with _telling(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _telling(ctx):
            return super().invoke(ctx)


@contextmanager
def _telling(ctx: Any) -> Iterator[None]:
    """Tell what ends this, and that an output cannot be written: here, not by the end of the interpreter."""
    try:
        try:
            yield
        except TyperException as error:  # what is asked wrongly: people see the usage, too
            error.message = _plainly(error)
            if not ctx.meta[_AS_JSON]:
                raise
            _print_problems(error.exit_code, [error.format_message()])
            ctx.exit(error.exit_code)
        except Exception as error:
            _end(ctx, error)
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:  # the reader of a table has seen enough
        give_up_output()
        ended = error.__context__
        ctx.exit(ended.exit_code if isinstance(ended, typer.Exit) else 0)
    except OSError as error:
        _end(ctx, error)


def _end(ctx: Any, error: Exception) -> None:
    """End with what is said of an error, and its exit code. Raises it again where it is a fault of ours."""
    if _interrupted(error):  # what was under way fails in its own way
        raise KeyboardInterrupt from error
    from runtime.errors import outcome_of

    outcome = outcome_of(error)
    if outcome is None:
        raise error
    code, lines = outcome
    if isinstance(error, OSError):
        give_up_output()
    if ctx.meta[_AS_JSON]:
        _print_problems(code, lines)
    else:
        from runtime.terminal.show import say

        say("\n".join(f"leadline: {line}" for line in lines))
    ctx.exit(code)


def _interrupted(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _plainly(error: TyperException) -> str:
    """What is wrong with an option's value in our words, where typer has asked pydantic."""
    from pydantic import ValidationError

    from domain.files.allowed import allowed

    if isinstance(error.__cause__, ValidationError) and (what := allowed(error.__cause__.errors()[0])):
        return f"allowed is {what}"
    return error.message.removeprefix("Value error, ")


def _print_problems(code: int, lines: list[str]) -> None:
    """What programs are told where they asked for JSON."""
    print(json.dumps({"exit_code": code, "problems": lines}, ensure_ascii=False), file=sys.stderr)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"leadline {version('leadline')}")
        raise typer.Exit


def create_app(command: str | None = None) -> typer.Typer:
    """The command line with all its commands; or only with those that come with this one."""
    app = _empty()
    for room, names in ROOMS.items():
        if command is None or command in names:
            import_module(f"runtime.commands.{room}").add_to(app)
    return app


def outline() -> typer.Typer:
    """The command line as its help lists it: names and first lines, nothing that runs."""
    app = _empty()
    for commands in ROOMS.values():
        for name, line in commands.items():
            app.command(name, help=line)(_nothing)
    return app


def _nothing() -> None:
    """Stands for a command in the outline."""


def _empty() -> typer.Typer:
    app = typer.Typer(
        name="leadline",
        cls=Commands,
        help="Leadline sounds the depth of every lead: touchpoints in, scores, segments, funnels and signals out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def options(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        pass

    return app


def load() -> Callable[[], None]:
    """Load what the command of this process needs; what runs it."""
    forgive_streams()
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    known = any(word in names for names in ROOMS.values())
    return partial(create_app(word) if known else outline(), prog_name="leadline")
