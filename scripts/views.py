"""The page of the views for analysts, made from what makes the views."""

from typing import Final

from store.database.shown import ON_SQLITE, ShownAs
from store.database.views.registry import VIEWS
from store.database.views.view import ReportView

_HEAD: Final = """\
# Views for SQL

<!-- Made from the code by `make docs`: change it there. -->

What analysts read: the same views, with the same columns in the same order, on PostgreSQL and SQLite
(`leadline-data/leadline.db`). They stay from release to release: a column is never renamed, moved or taken away, new
ones come at the end. A rebuild or another model changes their rows only. On PostgreSQL every view and column bears its
description as a comment too. [How to ask with SQL](../how-to/ask-with-sql.md) has questions and what answers them.

All rows stand at one instant, the projector's clock (`report_leads.clock`), and days are those of the model's time
zone. What no view shows stands in the [tables](tables.md).

| type | PostgreSQL | SQLite |
| --- | --- | --- |"""

_ROLE: Final = """
## A read-only role

On PostgreSQL: it reads the views and no table, whoever they belong to. After an upgrade that brings new views, grant
again.

```sql
{role}```
"""


def views_page() -> str:
    """`views.md`: how values are shown, each view with its columns, and the grants of a role that reads them."""
    kinds = [f"| {kind.name.lower()} | {kind.value.partition(' (')[0]} | {ON_SQLITE[kind]} |" for kind in ShownAs]
    return "\n".join([_HEAD, *kinds, "", *map(_section, VIEWS), _ROLE.format(role=role_statements())])


def _section(view: ReportView) -> str:
    rows = [f"| `{column.name}` | {column.kind.name.lower()} | {_cell(column.about)} |" for column in view.columns]
    return "\n".join([f"## {view.name}\n\n{view.about}\n", "| column | type | |", "| --- | --- | --- |", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def role_statements() -> str:
    """What makes a role that reads the views and nothing else."""
    names = ",\n  ".join(view.name for view in VIEWS)
    return f"""\
CREATE ROLE analyst LOGIN PASSWORD 'choose one';
ALTER ROLE analyst SET default_transaction_read_only = on;
ALTER ROLE analyst SET statement_timeout = '10min';
GRANT USAGE ON SCHEMA public TO analyst;
GRANT SELECT ON
  {names}
TO analyst;
"""
