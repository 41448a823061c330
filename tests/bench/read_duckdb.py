"""The funnel `signup` of all time from raw touches, by DuckDB over an export to Parquet: beside `make bench-read`."""

import subprocess
import time
from typing import Final

import duckdb

from tests.bench.read_data import FOLDER, Filled, installation, url_of
from tests.services.postgres import PostgresServer

_FUNNEL: Final = """
WITH acts AS (
    SELECT lead, happened_at, n,
        type = 'page_viewed' AS starts,
        type = 'page_viewed' AND starts_with(path, '/pricing') AS prices,
        type = 'form_submitted' AND form IS DISTINCT FROM 'newsletter' AS sends
    FROM read_parquet(?) WHERE type IN ('page_viewed', 'form_submitted') AND machine IS NULL
), priced AS (
    SELECT *, CASE WHEN prices THEN max(CASE WHEN starts THEN happened_at END) OVER before END AS began
    FROM acts WINDOW before AS (PARTITION BY lead ORDER BY happened_at, n
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), sent AS (
    SELECT *, CASE WHEN sends THEN max(began) OVER before END AS chain
    FROM priced WINDOW before AS (PARTITION BY lead ORDER BY happened_at, n
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT count(DISTINCT lead) FILTER (starts), count(DISTINCT lead) FILTER (happened_at - began <= INTERVAL 14 DAY),
    count(DISTINCT lead) FILTER (happened_at - chain <= INTERVAL 14 DAY)
FROM sent
"""
"""Of each act that may be a step the latest chain before it: who is in time with any is so with the latest."""


def funnel_by_duckdb(server: PostgresServer, data: Filled) -> tuple[list[int], float, float]:
    """Leads of each step, milliseconds (the second of two runs), megabytes of Parquet."""
    file = FOLDER.absolute() / f"{data.name}.parquet"
    if not file.exists() or file.stat().st_mtime < (FOLDER / f"{data.name}.json").stat().st_mtime:
        at = installation(url_of(server, data.name))
        command = [at.program, "export", "report_touches", "--to", "parquet", "--out", str(file)]
        subprocess.run(command, env=at.environment, check=True)  # may take many minutes
    with duckdb.connect() as connection:
        connection.execute(_FUNNEL, [str(file)])
        start = time.perf_counter()
        counted = connection.execute(_FUNNEL, [str(file)]).fetchone()
        ms = (time.perf_counter() - start) * 1_000
    return list(counted or ()), ms, file.stat().st_size / 1e6
