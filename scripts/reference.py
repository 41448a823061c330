"""Makes the reference pages that the code says: settings, command line, reports, views, signals, AsyncAPI.."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import ByteSize

from projections.reports.answer import Report
from projections.reports.registry import REPORTS, ways_of
from runtime.cli import create_app
from runtime.setting_names import PREFIX
from runtime.settings import FILE_NAME, FILE_VARIABLE, Settings
from scripts.asyncapi import asyncapi
from scripts.signals import signals_page
from scripts.views import views_page

FOLDER: Final = Path(__file__).parents[1] / "docs" / "reference"

_SETTINGS: Final = f"""\
# Settings

<!-- Made from the code by `make docs`: change it there. -->

Every setting is an environment variable, or a line of the settings file (`{FILE_NAME}` in the working directory, or
the file that `{FILE_VARIABLE}` names) under the name without `{PREFIX}` in lower case. A flag of the same name, where a
command has one, comes first, then the environment, then the file. All of them are checked before anything starts; a
variable that begins with `{PREFIX}` and is not one of these is refused, but for the address (`{PREFIX}..._URL`) or key
(`{PREFIX}..._KEY`) of a [destination](model-file.md#destinations).

| variable | default | |
| --- | --- | --- |"""

_SETTINGS_END: Final = """
A collector that is not bound to loopback refuses to start without write keys and sites: others could send whatever they
like. An API that others can reach starts without a token, and answers this machine alone until there is one.

For tests only: `LEADLINE_TEST_POSTGRES` (the URL of a server on which tests may create databases) and
`LEADLINE_TEST_KAFKA` (bootstrap servers on which they may create topics).
"""

_COMMAND_LINE: Final = """\
# Command line

<!-- Made from the code by `make docs`: change it there. -->

Exit codes: 0 done; 1 done, and the outcome is bad (rows differ, something is still refused); 2 refused, nothing was
done; 130 ended by Ctrl-C. Errors go to standard error, and say what to do. What is not built yet is refused by name.

Tables fit the terminal (or `COLUMNS`): where it is narrow, the less important columns are left out. In a pipe they are
tab-separated, with the columns' names first, times with their offset and nothing left out. Times are in the model's
time zone; stages, segments and rules bear their labels in the language of `--lang`, else of `LANG`, and
what is said of a lead is said in it (English or Chinese).
"""


def settings_page() -> str:
    """`settings.md`: every setting, its default and what it is for."""
    lines = [_SETTINGS]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{PREFIX}{name.upper()}` | {_shown(field.get_default())} | {field.description} |")
    lines += [f"| `{FILE_VARIABLE}` | `{FILE_NAME}` | the settings file |", _SETTINGS_END]
    return "\n".join(lines)


def _shown(default: object) -> str:
    """A default as people write it; nothing where the default is none."""
    if default in (None, ()) or is_dataclass(default):
        return ""
    if type(default) is tuple:
        return f"`{','.join(default)}`"
    return f"`{default.human_readable() if isinstance(default, ByteSize) else default}`"


def command_line_page() -> str:
    """`command-line.md`: every command with its arguments and options."""
    root = typer.main.get_command(create_app())
    lines = [_COMMAND_LINE]
    for path, command in commands(root):
        lines.append(f"## leadline {path}\n")
        lines.append((command.help or "").strip() + "\n")
        lines += list(_parameters(path, command))
    return "\n".join(lines).rstrip() + "\n"


def reports_page() -> str:
    """`reports.md`: every report with its columns, and what it may be asked."""
    return "\n".join([_REPORTS, *(line for each in REPORTS for line in _report(each))]).rstrip() + "\n"


def _report(report: Report) -> Iterator[str]:
    period = "ever" if report.recent is None else f"the last {report.recent} days, up to and with today"
    yield f"## {report.name}\n\n{report.about}. Without a period: {period}.\n"
    if report.by:
        yield f"`by`: {', '.join(f'`{way}`' for way in ways_of(report.by))}; without it `{ways_of(report.by)[0]}`.\n"
    if report.options:
        yield "| option | |\n| --- | --- |"
        yield from (f"| `{name}` | {about} |" for name, about in report.options.items())
        yield ""
    yield "| column | kind | |\n| --- | --- | --- |"
    yield from (f"| `{column.name}` | {column.kind} | {column.about} |" for column in report.columns)
    yield ""


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command under a group that is none itself, by its path (`rejected list`)."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        below = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield below, command
            yield from commands(command, below)
        else:
            yield below, command


def _parameters(path: str, command: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=f"leadline {path}")
    rows = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    rows = [row for row in rows if row[0] != "--help"]
    if not rows:
        return
    yield "| | |\n| --- | --- |"
    for names, text in rows:
        yield f"| `{names}` | {text} |".replace("  ", " ")
    yield ""


_REPORTS: Final = """\
# Reports

<!-- Made from the code by `make docs`: change it there. -->

`leadline report NAME` and `GET /api/reports/NAME` answer with rows of the same named columns, as a table, JSON or CSV
([how to read one](../how-to/read-a-report.md)). A period is days in the model's time zone; `to` is not in it. What a
report has not is refused, never ignored. A value that nobody knows is null.

| kind | in JSON and CSV | at the terminal |
| --- | --- | --- |
| text, stage, rule, segment, channel, group | the name | its label in the model |
| count, number | a number | the same |
| share | from 0 to 1 | percent |
| money | in units of the currency of the row | with the currency and its decimals, more where it read as 0 |
| seconds | a number | a span such as 30 h |
| day, moment | ISO 8601; RFC 3339 in UTC | in the model's time zone |
| flag | true, false | yes, no |
"""


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "command-line.md": command_line_page,
    "reports.md": reports_page,
    "asyncapi.yaml": asyncapi,
    "signals.md": signals_page,
    "views.md": views_page,
}
"""Each page by its file name, and what makes it."""


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
        print(f"wrote docs/reference/{name}")


if __name__ == "__main__":
    main()
