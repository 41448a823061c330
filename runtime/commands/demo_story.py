"""The story of `demo --keep`: months by `import` and `import-costs`, and what sales do with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from domain.errors import Failed
from producers.imports.mapping import ImportMapping
from runtime.commands.costs import take_costs
from runtime.commands.importing import append_file
from runtime.commands.options import mapping_of
from runtime.demo.examples import DemoCompany
from runtime.demo.generator import Traffic
from runtime.demo.history import History
from runtime.demo.sellers import Sellers
from runtime.projected import bar
from runtime.terminal.show import say
from runtime.waiting import Progressed
from runtime.wiring import Wiring


class Settle(Protocol):
    """Waits until all is projected, and tells how far it is. Raises Failed where that takes too long."""

    def __call__(self, tell: Callable[[Progressed], None] = ..., /) -> None: ...


def import_history(
    wiring: Wiring, folder: Path, example: DemoCompany, seed: int, now: int, hour: Traffic, settle: Settle
) -> History:
    """Make files of what was before the hour in the folder, and import them. Raises Failed where a row is refused."""
    history = example.history(folder, seed, now, hour)
    say(f"importing {history.span} of {history.people:,} people")
    for file in history.files:
        rules: ImportMapping = mapping_of(example.model.parent / file.mapping)
        result = append_file(wiring, file.path, rules)
        if result.rejected:
            raise Failed(f"{file.path}: {result.rejected:,} rows were refused: {result.reasons}")
        say(f"  imported {file.path.name}: {result.appended:,} touchpoints")
    costs = take_costs(wiring, history.costs)
    say(f"  imported {history.costs.name}: {costs.new:,} days of campaigns")
    with bar("project") as show:
        settle(lambda now: show(now.share, f"{now.recorded:,} recorded, {now.behind:,} to project"))
    return history


def work(address: str, example: DemoCompany, history: History, seed: int, now: int, settle: Settle) -> None:
    """Salespeople take over what is open, and answer for what they were given."""
    sellers = Sellers(address, example.team, seed, now)
    sellers.take_over(history.deals)
    settle()
    sellers.answer()
    settle()
