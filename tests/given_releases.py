"""A database as a release wrote it: the dumps in tests/releases, loaded into an empty database."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg2
from sqlalchemy import make_url

DUMPS: Final = Path(__file__).parent / "releases"


RELEASES: Final = {"0.2": "0002", "0.3": "0003", "0.4": "0004"}
"""Each release that must upgrade, and the newest revision of its schema."""


def load_release(url: str, release: str = "0.2") -> None:
    """Fill the empty database of a URL. Its id key is that of test worlds."""
    dump = (DUMPS / f"{release.replace('.', '_')}.{make_url(url).get_backend_name()}.sql").read_text(encoding="utf-8")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "")) as file:
            file.executescript(dump)
        return
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(dump)
