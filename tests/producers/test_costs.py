"""Costs of channels from a file: what is a cost, and what is refused, all at once and with its line."""

import gzip
from pathlib import Path

import pytest

from domain.model.channels import CHANNELS
from domain.model.definition import parse_model
from producers.imports.costs import CostProblems, CostRow, costs_of, read_cost_rows
from producers.imports.opening import ImportProblem
from store.costs import Cost, CostKey
from tests.domain.given_model_files import STAGES

MODEL = parse_model(STAGES + '[[channels.rules]]\nname = "fairs"\nwhere = { "source.medium" = "fair" }\n')
EURO = parse_model('[money]\ncurrency = "EUR"\n' + STAGES)
HEADER = "channel,campaign,day,amount,currency\n"
MAY_1 = 20_209
"""2025-05-01"""


def imported(path: Path, text: str | bytes, model: object = MODEL, name: str = "costs.csv") -> list[Cost]:
    file = path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert model is MODEL or model is EURO
    return costs_of(read_cost_rows(file), MODEL if model is MODEL else EURO)


def cost(channel: str, campaign: str, day: int, amount: int, currency: str = "EUR") -> Cost:
    return Cost(CostKey(day, channel, campaign, currency), amount)


def test_rows_are_costs_in_millionths(tmp_path: Path) -> None:
    rows = "paid_search,spring,2025-05-01,12.5,EUR\nfairs, ,2025-05-02,1000,usd\n\n"
    assert imported(tmp_path, HEADER + rows) == [
        cost("paid_search", "spring", MAY_1, 12_500_000),
        cost("fairs", "", MAY_1 + 1, 1_000_000_000, "USD"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_stand_in_any_order_apart_as_spreadsheets_write_them(tmp_path: Path, delimiter: str) -> None:
    rows = [["amount", "day", "channel"], ["0.1", "2025-05-01", '"email"'], ["0", "2025-05-02", "email"]]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    assert imported(tmp_path, text, EURO) == [cost("email", "", MAY_1, 100_000), cost("email", "", MAY_1 + 1, 0)]


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + "email,,2025-05-01,1,EUR\n").encode())
    assert imported(tmp_path, packed, name="costs.csv.gz") == [cost("email", "", MAY_1, 1_000_000)]


def test_without_a_currency_it_is_the_models(tmp_path: Path) -> None:
    rows = HEADER + "email,,2025-05-01,1,\n"
    assert imported(tmp_path, rows, EURO) == [cost("email", "", MAY_1, 1_000_000)]
    with pytest.raises(CostProblems) as error:
        imported(tmp_path, rows)
    assert error.value.problems == [
        "line 2: currency: missing; required here, or [money] currency in the model",
    ]


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    rows = [
        "emial,,2025-05-01,1,EUR", "email,,1.5.2025,1,EUR", 'email,,2025-02-30,"1,5",EUR', "email,,1969-12-31,-1,euro",
        "email,,2025-05-01", f"email,{'x' * 201},2025-05-01,1,EUR", "email,a,2025-05-01,1,EUR",
        "fairs,,2025-05-01,1,EUR",
        "email,a,2025-05-01,2,EUR", ",,2025-05-01,1e13,EUR",
    ]  # fmt: skip
    with pytest.raises(CostProblems) as error:
        imported(tmp_path, HEADER + "\n".join(rows))
    day, amount = (
        "allowed is a day since 1970 such as 2026-11-21",
        "allowed is a number such as 1234.50 from 0 to 1000000000000",
    )
    assert error.value.problems == [
        f'line 2: channel: unknown channel "emial" (did you mean email?); allowed: {", ".join(CHANNELS)}, fairs',
        f'line 3: day: found "1.5.2025", {day}',
        f'line 4: day: found "2025-02-30", {day}',
        f'line 4: amount: found "1,5", {amount}',
        f'line 5: day: found "1969-12-31", {day}',
        f'line 5: amount: found "-1", {amount}',
        'line 5: currency: found "EURO", allowed is the three letters of a currency (ISO 4217) such as "EUR"',
        "line 6: found 3 cells, allowed are 5",
        f'line 7: campaign: found "{"x" * 77}...", allowed is a text of at most 200 characters',
        "line 10: of the same channel, campaign, day and currency as line 8; allowed is one row of each",
        'line 11: channel: found "", allowed is a channel',
        f'line 11: amount: found "1e13", {amount}',
    ]  # fmt: skip


def test_of_very_many_problems_the_first_are_said(tmp_path: Path) -> None:
    with pytest.raises(CostProblems) as error:
        imported(tmp_path, HEADER + "email,,never,1,EUR\n" * 60)
    assert len(error.value.problems) == 51 and error.value.problems[-1] == "and 10 more"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "it is empty; allowed is a CSV whose first line is channel,campaign,day,amount,currency"),
        ("channel,cost,day\n", 'line 1: unknown column "cost"; allowed: channel, campaign, day, amount, currency'),
        ("channel,Amount,day\n",
         'line 1: unknown column "Amount" (did you mean amount?); allowed: channel, campaign, day, amount, currency'),
        ("channel,channel,day,amount\n", "line 1: column channel is there more than once"),
        (b"channel,day,amount\nemail,2025-05-01,\xff\n", "it is no UTF-8 text; save it as CSV in UTF-8"),
        ('channel,day,amount\n"email"x,2025-05-01,1\n', "it is no CSV (',' expected after '\"'); check its quotes"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_costs(tmp_path: Path, text: str | bytes, line: str) -> None:
    with pytest.raises(ImportProblem) as error:
        imported(tmp_path, text)
    assert f"{tmp_path / 'costs.csv'}: {line}" in error.value.lines


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="no such file"):
        list(read_cost_rows(tmp_path / "none.csv"))


@pytest.mark.parametrize("value", [None, True, [], {}, 5, float("nan"), "x" * 300])
@pytest.mark.parametrize("name", ["channel", "campaign", "day", "amount", "currency", "more"])
def test_any_value_of_a_row_is_a_cost_or_a_problem(name: str, value: object) -> None:
    row = {"channel": "email", "campaign": "c", "day": "2025-05-01", "amount": 2, "currency": "EUR", name: value}
    try:
        assert costs_of([CostRow("items[0]", row)], MODEL)[0].key.channel == "email"
    except CostProblems as error:
        assert all(problem.startswith("items[0]: ") for problem in error.problems)
