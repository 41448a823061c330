"""The companies of `examples/` that the demo plays: each with people, a history and salespeople that fit its model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.errors import Refused
from runtime.demo.generator import Traffic
from runtime.demo.history import History, write_history
from runtime.demo.people import BUSINESS, VisitorMix
from runtime.demo.sellers import SalesTeam
from runtime.demo.shop_history import write_shop_history
from runtime.demo.shoppers import SHOPPERS

FOLDER: Final = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company: `name` is its folder in `examples/`; `history` is written into a folder, by seed, instant and the hour
    that follows."""

    name: str
    crowd: VisitorMix
    history: Callable[[Path, int, int, Traffic], History]
    team: SalesTeam

    @property
    def model(self) -> Path:
        """Its model file; the mappings of its history lie beside it."""
        return FOLDER / self.name / "leadline.toml"


SOFTWARE: Final = DemoCompany(
    "b2b-software",
    BUSINESS,
    lambda folder, seed, now, hour: write_history(folder, seed, now),
    SalesTeam(
        callers=("amara", "jonas", "inside sales"),
        members={"field sales": ("amara", "jonas")},
        newcomers="lead",
        rejects=("wrong person", "Left the company in spring"),
        said=(
            ("Asks for the price of 50 seats", ("price",)),
            ("Compares three tools, decides this quarter", ("competitor", "this quarter")),
            ("Wants a demo for the whole team", ()),
        ),
    ),
)
SHOP: Final = DemoCompany(
    "web-shop",
    SHOPPERS,
    write_shop_history,
    SalesTeam(
        callers=("amara", "jonas"),
        members={"advice": ("amara", "jonas")},
        newcomers="contact",
        rejects=("not ready", "Builds first, buys in summer"),
        said=(
            ("When is the sofa delivered, and who carries it up?", ("delivery",)),
            ("Found the table cheaper elsewhere", ("price",)),
            ("Wants to see the fabric first", ()),
        ),
    ),
)
EXAMPLES: Final[Mapping[str, DemoCompany]] = {each.name: each for each in (SOFTWARE, SHOP)}


def example_of(model: str) -> DemoCompany:
    """The company that a short name or the path of its model names. Raises Refused."""
    found = EXAMPLES.get(model) or next(
        (each for each in EXAMPLES.values() if Path(model).resolve() == each.model.resolve()), None
    )
    if found is None:
        raise Refused(f"--model: found {model}, allowed are {', '.join(EXAMPLES)}, or the path of one's model file")
    if not found.model.is_file():
        raise Refused(f"the demo's model {found.model} is not here: run the demo in a checkout (`make demo`)")
    return found
