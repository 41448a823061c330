"""`make bench-read`: what readers are told, how fast, where there is much; writes build/bench-read.json.

Its data are filled once under build/bench-read, and kept: `--anew` fills them again.
"""

import argparse
import json
import platform
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.bench.checkouts import here
from tests.bench.read_asked import ANSWER, REPORT, Goal, Times, answer, measure, questions
from tests.bench.read_data import Filled, cluster, filled, sizes, url_of
from tests.bench.read_duckdb import funnel_by_duckdb
from tests.services.postgres import PostgresServer

WRITTEN: Final = Path("build/bench-read.json")
_COMPARED: Final = (ANSWER, REPORT)
MOST_SLOWER: Final = 1.3
"""A data set with ten times the touchpoints a lead: so many times slower at most, asked in turn."""


def main() -> None:
    """Fill what is missing, ask, print, write the file."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what was started is stopped
    wanted = _arguments()
    few = wanted.leads // 10
    with cluster() as server:
        whole = filled(server, wanted.leads, wanted.touchpoints, anew=wanted.anew)
        pair = [] if wanted.only_one else [filled(server, few, few * each, anew=wanted.anew) for each in (10, 100)]
        times = measure(server, [whole], wanted.requests)
        if pair:
            times |= measure(server, pair, wanted.requests)
        goals = {each.name: each.goal for each in questions(server, whole)}
        _show(whole, times[whole.name], goals)
        if pair:
            _show_pair(pair, times, goals)
        tables = sizes(url_of(server, whole.name))
        print("", *(f"{name:32} {kind:6} {size / 1e6:10,.1f} MB" for name, kind, size in tables[:25]), sep="\n")
        about = _told((whole, *pair), times, wanted) | {"sizes": tables}
        WRITTEN.write_text(json.dumps(about, indent=1), encoding="utf-8")
        about["duckdb"] = _beside(server, whole)
    WRITTEN.write_text(json.dumps(about, indent=1), encoding="utf-8")
    print(f"written to {WRITTEN}")


def _told(
    data: Sequence[Filled], times: Mapping[str, Mapping[str, Times]], wanted: argparse.Namespace
) -> dict[str, Any]:
    return {
        "asked": vars(wanted),
        "at": datetime.now(UTC).isoformat(),
        "rev": here().rev,
        "python": platform.python_version(),
        "data": [asdict(each) for each in data],
        "times": {name: {what: asdict(each) for what, each in of.items()} for name, of in times.items()},
    }


def _show(data: Filled, times: Mapping[str, Times], goals: Mapping[str, Goal]) -> None:
    print(
        f"\n{data.touchpoints:,} touchpoints of {data.leads:,} leads, milliseconds of a request over HTTP, one client"
    )
    print(f"{'asked':36} {'p50':>8} {'p99':>8} {'worst':>8} {'cold':>8}  target")
    for name, each in times.items():
        numbers = " ".join(f"{number:8.1f}" for number in (each.p50, each.p99, each.worst, each.cold or 0.0))
        print(f"{name:36} {numbers}  {goals[name]!s:14} {'met' if goals[name].met(each) else 'MISSED'}")


def _show_pair(pair: Sequence[Filled], times: Mapping[str, Mapping[str, Times]], goals: Mapping[str, Goal]) -> None:
    few, many = (times[each.name] for each in pair)
    print(f"\n{pair[0].leads:,} leads with 10 and with 100 touchpoints each: p50 in ms, and how many times slower")
    for name, each in few.items():
        ratio = many[name].p50 / each.p50
        verdict = "met" if ratio <= MOST_SLOWER else "MISSED"
        target = f"<= {MOST_SLOWER} {verdict}" if goals[name] in _COMPARED else ""
        print(f"{name:36} {each.p50:8.1f} {many[name].p50:8.1f} {ratio:6.2f}  {target}")


def _beside(server: PostgresServer, data: Filled) -> dict[str, Any]:
    """The same funnel of all time from raw touches, by DuckDB. Raises SystemExit where its numbers are others."""
    counts, ms, exported = funnel_by_duckdb(server, data)
    start = time.perf_counter()
    ours = [step["leads"] for step in answer(server, data, "/api/funnels/signup")["steps"]]
    print(f"\nthe funnel of all time by DuckDB, from {exported:,.0f} MB of Parquet: {ms:,.0f} ms; steps {counts}")
    if ours != counts:
        raise SystemExit(
            f"bench-read: the funnel says {ours}, DuckDB {counts}: figures of a wrong result count nothing"
        )
    return {
        "ms": ms,
        "parquet_megabytes": exported,
        "steps": counts,
        "api_started_and_asked": time.perf_counter() - start,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-read", description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--touchpoints", type=int, default=10_000_000)
    parser.add_argument("--requests", type=int, default=500, help="of each kind at most")
    parser.add_argument("--only-one", action="store_true", help="without the two data sets that are compared")
    parser.add_argument("--anew", action="store_true", help="fill the data again")
    return parser.parse_args()


if __name__ == "__main__":
    main()
