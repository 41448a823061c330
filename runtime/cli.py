"""The command line. Exit codes: 0 done, 1 done with a bad outcome, 2 refused before anything was done."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

ROOMS: Final = {
    "servers": ("serve", "collect", "api", "consume", "project"),
    "importing": ("import",),
    "reading": ("leads", "lead", "funnel", "segments", "signals"),
    "rejections": ("rejected",),
    "upkeep": ("rebuild", "verify", "model"),
    "backup": ("backup", "restore"),
    "doctor": ("doctor",),
    "starting": ("init",),
    "demo": ("demo",),
    "refused": ("notify", "erase"),
}
"""The modules of `runtime.commands`, and what each adds: a command loads no other's libraries."""


class Commands(TyperGroup):
    """Tells every expected error in its own words, on stderr, with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader of a table has seen enough
            sys.stderr.close()
            ctx.exit(0)
        except Exception as error:
            from runtime.errors import told

            outcome = told(error)
            if outcome is None:
                raise
            code, text = outcome
            print(f"leadline: {text}", file=sys.stderr)
            ctx.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"leadline {version('leadline')}")
        raise typer.Exit


def create_app(command: str | None = None) -> typer.Typer:
    """The command line with all its commands; or only with those that come with this one."""
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

    chosen = [room for room, names in ROOMS.items() if command in names]
    for room in chosen or ([] if command == "--version" else ROOMS):
        import_module(f"runtime.commands.{room}").add_to(app)
    return app


def main() -> None:
    """The console script."""
    create_app(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="leadline")
