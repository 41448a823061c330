"""The rows of exports: touchpoints and signals as they were recorded, and whose each identity is now."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import moment
from projections.exports import holders as exported
from projections.exports import signals, touchpoints
from projections.exports.columns import ExportColumn
from projections.exports.following import Follower, Wanted
from projections.exports.formats import FileFormat
from projections.exports.whole import write_file
from projections.queries.lookup import saved_lookup
from store.ledger import signals_after
from tests.domain.histories import FEW, TYPES, histories, law
from tests.domain.stories import at, us
from tests.given_exports import follower, parsed, rows
from tests.given_model import MODEL
from tests.projections.shelf import Shelf
from tests.projections.world import World

FORMATS = pytest.mark.parametrize("format", list(FileFormat))
PROFILE = {"name": "Ana Li", "company": "ACME"}
CONTEXT = {"userAgent": "Firefox", "ip": "203.0.113.7", "device": {"id": "d-1"}, "campaign": {"name": "spring"}}


def form(world: World) -> dict[str, str]:
    """A form that Ana sends; the keyed hash of each of her identities."""
    ana = at(
        5, "form_submitted", "u:customer-4711", "e:ana@x.test", "c:cookie-1", id="customer-4711/5", received=us(4),
        profile=PROFILE, context=CONTEXT, form="contact", email="ana@x.test", value=3,
    )  # fmt: skip
    world.clock = us(60)
    world.deliver([ana, at(6, "page_viewed", "c:cookie-1", context={"machine": "prefetch"})])
    world.project()
    return {identity.kind: str(world.ids.of(identity)) for identity in ana.identities}


def folder_of(world: World, tmp_path: Path, format: FileFormat, **wanted: Any) -> Path:
    follower(world, tmp_path / "out", format, **wanted).all_there_is()
    return tmp_path / "out"


def test_a_touchpoint_is_exported_with_typed_values(world_on_each: World, tmp_path: Path) -> None:
    hashes = form(world_on_each)
    [first, second] = rows(folder_of(world_on_each, tmp_path, FileFormat.PARQUET) / "touchpoints/*/*.parquet")
    read = {**first, **{name: parsed(first[name]) for name in ("identities", "properties", "context")}}
    assert {name: str(value) for name, value in read.items() if name.endswith("at") or name == "day"} == {
        name: str(value) for name, value in {
            "happened_at": moment(us(4)), "occurred_at": moment(us(5)), "received_at": moment(us(4)), "sent_at": None,
            "recorded_at": moment(us(60)), "day": moment(us(60)).date(),
        }.items()
    }  # fmt: skip
    assert {name: value for name, value in read.items() if not (name.endswith("at") or name == "day")} == {
        "position": 1, "id": f"{hashes['user_id']}/5", "source": "test", "source_kind": "server",
        "type": "form_submitted", "seq": 0, "identity": hashes["user_id"], "identity_kind": "user_id",
        "trail": hashes["anonymous_id"], "machine": None,
        "identities": [{"kind": kind, "id": hashes[kind]} for kind in ("user_id", "email", "anonymous_id")],
        "properties": {"form": "contact", "email": hashes["email"], "value": 3},
        "context": {"campaign": {"name": "spring"}, "userAgent": "Firefox"},
    }  # fmt: skip
    assert second["machine"] == "prefetch" and second["identity"] == hashes["anonymous_id"]


@FORMATS
def test_no_identity_stands_in_the_clear(world: World, tmp_path: Path, format: FileFormat) -> None:
    form(world)
    out = folder_of(world, tmp_path, format)
    signal_files(world, out, format)
    shown = str([*rows(out / f"touchpoints/*/*.{format}"), *rows(out / f"signals/*/*.{format}"),
                 *rows(out / f"leads.{format}", "identity")])  # fmt: skip
    for clear in ("ana@x.test", "customer-4711", "cookie-1", "Ana Li", "203.0.113.7", "d-1"):
        assert clear not in shown


@FORMATS
def test_with_personal_data_it_does_in_a_folder_that_says_so(world: World, tmp_path: Path, format: FileFormat) -> None:
    form(world)
    out = folder_of(world, tmp_path, format, personal=True)
    signal_files(world, out, format, personal=True)
    first, _ = rows(out / f"touchpoints-with-personal-data/*/*.{format}")
    assert first["id"] == "customer-4711/5" and parsed(first["profile"]) == PROFILE
    assert parsed(first["context"]) == CONTEXT and parsed(first["properties"])["email"] == "ana@x.test"
    assert [each["value"] for each in parsed(first["values"])] == ["customer-4711", "ana@x.test", "cookie-1"]
    people = [parsed(each["data"]).get("person") for each in rows(out / f"signals-with-personal-data/*/*.{format}")]
    assert "Ana Li" in [person["name"] for person in people if person]
    leads = rows(out / f"leads-with-personal-data.{format}", "identity")
    assert {each["value"] for each in leads} == {"customer-4711", "ana@x.test", "cookie-1"}


def signal_files(world: World, out: Path, format: FileFormat, personal: bool = False) -> None:
    wanted = Wanted(out, format, personal=personal)
    Follower(world.database, world.ids, signals.announced(world.ids, personal=personal), wanted).all_there_is()


@FORMATS
def test_signals_are_exported_as_the_ledger_has_them(world_on_each: World, tmp_path: Path, format: FileFormat) -> None:
    form(world_on_each)
    signal_files(world_on_each, tmp_path / "out", format)
    with world_on_each.database.snapshot() as conn:
        recorded = signals_after(conn, 0, 100)
    found = rows(tmp_path / f"out/signals/*/*.{format}")
    assert [(int(row["position"]), row["id"], row["kind"], row["lead"], row["closes"]) for row in found] == [
        (each.position, each.id, each.kind, str(each.lead), each.closes) for each in recorded
    ]
    for row, signal in zip(found, recorded, strict=True):
        assert parsed(row["data"]) == {key: value for key, value in parsed(signal.data).items() if key != "person"}


@law(40)
@given(history=histories(most=16, types=(*TYPES, "merged", "unmerged", "aliased")), clock=st.sampled_from([2, 90_000]))
def test_whose_an_identity_is_agrees_with_the_look_up_of_each(shelf: Shelf, history: Any, clock: int) -> None:
    model = parse_model(MODEL)
    with shelf.place(model) as place:
        world = World.on_sqlite(place, model, us(clock), ready=True, limits=FEW[1])
        world.deliver(history)
        world.project()
        lookup = saved_lookup(world.events, world.ids, limits=FEW[1])
        with world.database.snapshot() as conn:
            found = {row[0]: row for rows in exported.holders(conn, world.ids) for row in rows}
            for identity in {identity for each in history for identity in each.identities}:
                hash = world.ids.of(identity)
                expected = (lookup.holder(conn, hash), lookup.resolve(conn, hash))
                assert found.get(hash, (hash, "", None, None))[2:] == expected, identity
                if hash in found:
                    assert found[hash][1] == identity.kind
        world.close()


def test_each_identity_is_exported_once(world: World) -> None:
    world.clock = us(100)
    people = [at(n, "form_submitted", f"u:{n}", "c:kiosk") for n in range(8)]
    world.deliver([*people, at(50, "page_viewed", "c:kiosk")])
    world.project()
    with world.database.snapshot() as conn:
        found = [row[0] for rows in exported.holders(conn, world.ids) for row in rows]
    assert len(found) == len(set(found)) >= 8


@pytest.mark.parametrize("columns", [touchpoints.COLUMNS, touchpoints.PERSONAL, signals.COLUMNS, exported.PERSONAL])
def test_every_column_is_a_word_that_no_engine_reserves(columns: Sequence[ExportColumn], tmp_path: Path) -> None:
    write_file(tmp_path / "empty.parquet", FileFormat.PARQUET, columns, iter(()))
    asked = ", ".join(column.name for column in columns)
    assert duckdb.sql(f"SELECT {asked} FROM '{tmp_path}/empty.parquet'").columns == [each.name for each in columns]


@pytest.mark.parametrize("context", [{}, {"machine": "prefetch"}])
def test_whom_a_merge_or_an_alias_names_besides_is_hashed_too(world: World, tmp_path: Path, context: Any) -> None:
    other = {"kind": "user_id", "value": "bo-secret"}
    world.deliver([
        at(1, "merged", "u:ana-secret", source="api", context=context, **{"with": [other]}),
        at(2, "aliased", "u:ana-secret", context=context, previous="cy-secret"),
        at(3, "aliased", "c:ana-secret", source="browser", context=context, previous="dy-secret"),
    ])  # fmt: skip
    merged, *_ = found = rows(folder_of(world, tmp_path, FileFormat.PARQUET) / "touchpoints/*/*.parquet")
    assert "secret" not in str(found)
    bo = str(world.ids.of(Identity("user_id", "bo-secret")))
    assert parsed(merged["properties"]) == {"with": [{"kind": "user_id", "value": bo}]}
    world.project()


@FORMATS
def test_what_no_engine_reads_is_replaced(world: World, tmp_path: Path, format: FileFormat) -> None:
    world.deliver([at(1, "page_viewed", "c:k", id="a\x00b", context={"machine": "m\x00"})])
    [row] = rows(folder_of(world, tmp_path, format) / f"touchpoints/*/*.{format}")
    assert (row["id"], row["machine"]) == ("a\ufffdb", "m\ufffd")
    world.project()
