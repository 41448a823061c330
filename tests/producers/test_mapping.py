"""The mapping file: what it may say, and that every mistake in it is named, all at once."""

import re

import pytest

from producers.imports.mapping import MAPPING_LIMIT, MappingError, TypeColumn, Typed, parse_mapping
from tests.producers.importing import CRM

LEAST = 'source = "s"\ntime = { column = "t" }\nidentities = { email = "e" }\ntype = "order_placed"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(MappingError) as error:
        parse_mapping(text)
    return error.value.problems


def test_the_least_mapping() -> None:
    mapping = parse_mapping(LEAST)
    assert mapping.type == Typed("order_placed")
    assert (mapping.id, mapping.seq, mapping.only, mapping.encoding, mapping.time.format) == (
        None,
        None,
        None,
        "utf-8",
        "iso",
    )
    assert mapping.columns_needed == (("time.column", "t"), ("identities.email", "e"))


def test_types_by_a_column() -> None:
    mapping = parse_mapping(CRM)
    assert isinstance(mapping.type, TypeColumn)
    assert mapping.type.map["Won"] == Typed("stage_changed", {"to": "customer"})
    assert mapping.type.map["Called"] == Typed("call_logged")
    assert not mapping.type.skip_others


def test_a_column_may_be_called_as_a_key_of_the_file_is() -> None:
    mapping = parse_mapping(LEAST + '[properties]\nencoding = "encoding"\ndelimiter = "sep"\n')
    assert mapping.properties == (("encoding", "encoding"), ("delimiter", "sep"))


def test_only_picks_rows_and_names_its_columns() -> None:
    mapping = parse_mapping(LEAST + 'only = { lifecycle = "COMPLETE", amount = { gte = 1000 } }\n')
    picks = mapping.picks()
    assert picks({"lifecycle": "COMPLETE", "amount": "1500"})
    assert not picks({"lifecycle": "COMPLETE", "amount": "15"})
    assert not picks({"lifecycle": "START", "amount": "1500"})
    assert ("only", "amount") in mapping.columns_needed and ("only", "lifecycle") in mapping.columns_needed


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            'identitys = { email = "e" }',
            r'^identitys: unknown key "identitys" \(did you mean identities\?\); allowed',
        ),
        (
            'encoding = "utf-7-nope"',
            r'^encoding: found "utf-7-nope", allowed is a text encoding such as utf-8',
        ),
        ('delimiter = ";;"', r'^delimiter: found ";;", allowed is one character'),
        ('delimiter = "\\""', r"^delimiter: found .*allowed is one character"),
        ('format = "xml"', r'^format: found "xml", allowed is "csv" or "jsonl"'),
        ("seq = 3", r"^seq: found 3, allowed is a text \(the name of a column\)"),
        ("id = true", r"^id: found true, allowed is a text"),
        ('profile = { "First Name" = "f" }', r'^profile\."First Name": found "First Name", .*such as first_name'),
        ('properties = { "a.b" = "f" }', r'^properties\."a\.b": found "a\.b", allowed is a name of letters'),
        ('only = { lifecycle = ["A"] }', r"^only\.lifecycle: found a list"),
        ("only = { amount = { gt = true } }", r"^only\.amount\.gt: found true"),
        ('only = "x"', r'^only: found "x"'),
        (
            '[properties]\nowner = "o"\ndelimiter = ";"',
            r"^properties\.delimiter: stands below \[properties\].* at the top",
        ),
        (
            '[profile]\nencoding = "gb18030"',
            r'^profile\.encoding: .*write encoding = "gb18030" at the top of the mapping',
        ),
    ],
)
def test_a_mistake_is_named(change: str, problem: str) -> None:
    assert any(re.search(problem, found) for found in problems(LEAST + change)), problems(LEAST + change)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('source = "s"', 'source = ""', r'^source: found "", allowed is a name of 1 to 100 characters'),
        ('source = "s"', 'source = " "', r'^source: found " ", allowed is a name that is not blank'),
        ('source = "s"', 'source = "api"', r'^source: found "api", allowed is a name of your own'),
        ('source = "s"', "", r'^source: missing; give a name such as source = "crm"'),
        (
            'time = { column = "t" }',
            'time = { column = "t", format = "is" }',
            r"^time\.format: found \"is\", allowed is iso, epoch",
        ),
        (
            'time = { column = "t" }',
            'time = { column = "t", format = "%Q" }',
            r"^time\.format: found \"%Q\".*bad directive",
        ),
        ('time = { column = "t" }', 'time = { colum = "t" }', r"^time\.colum: unknown key .*did you mean column"),
        ('time = { column = "t" }', 'time = { colum = "t" }', r"^time\.column: missing"),
        ('time = { column = "t" }', 'time = { column = "t", timezone = "Mars" }', r"^time\.timezone: found \"Mars\""),
        ('time = { column = "t" }', 'time = "t"', r'^time: found "t", allowed is a table such as time ='),
        (
            '{ email = "e" }',
            '{ mail = "e" }',
            r"^identities\.mail: unknown kind \"mail\" \(did you mean email\?\); allowed: user_id",
        ),
        ('{ email = "e" }', "{ }", r"^identities: empty; give a table such as"),
        ('"order_placed"', '"Order Placed"', r"^type: found \"Order Placed\", allowed is .*such as order_placed"),
        ('"order_placed"', '"merged"', r"^type: 'merged' is a reserved type"),
        ('"order_placed"', '"stage_changed"', r"^type: a stage_changed must say where to"),
        ('"order_placed"', "4", r"^type: found 4, allowed is a touchpoint type"),
        ('type = "order_placed"', "[type]\nmap = {}", r"^type\.column: missing"),
        (
            'type = "order_placed"',
            '[type]\ncolumn = "c"\nother = "drop"',
            r'^type\.other: found "drop", allowed is "snake_case" or "skip"',
        ),
        (
            'type = "order_placed"',
            '[type]\ncolumn = "c"\n[type.map]\n"A b" = "erased"',
            r"^type\.map\.\"A b\": 'erased' is a reserved",
        ),
        (
            'type = "order_placed"',
            '[type]\ncolumn = "c"\n[type.map]\nA = { to = "x" }',
            r"^type\.map\.A: found nothing, allowed",
        ),
        (
            'type = "order_placed"',
            '[type]\ncolumn = "c"\n[type.map]\nA = { type = "x", n = [1] }',
            r"^type\.map\.A\.n: found a list",
        ),
    ],
)
def test_a_wrong_part_is_named(old: str, new: str, problem: str) -> None:
    found = problems(LEAST.replace(old, new))
    assert any(re.search(problem, line) for line in found), found


def test_all_problems_at_once() -> None:
    found = problems(
        'source = ""\ntime = { column = "t", format = "?" }\nidentities = { mail = "e" }\ntype = "Erased"\nidd = "x"'
    )
    assert [line.split(":")[0] for line in found] == ["source", "idd", "identities.mail", "time.format", "type"]


def test_a_stage_may_come_from_a_column() -> None:
    text = LEAST.replace('"order_placed"', '"stage_changed"') + '[properties]\nto = "stage"\n'
    assert parse_mapping(text).type == Typed("stage_changed")


@pytest.mark.parametrize("text", ["source = ", "= 1", "\x00", "x" * (MAPPING_LIMIT + 1)])
def test_no_toml(text: str) -> None:
    assert len(problems(text)) == 1
