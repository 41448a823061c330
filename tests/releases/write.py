"""Writes a small database with the code of a release: what the dumps in this folder were made of.

git archive RELEASE | tar -x -C TREE        # 0.2.0 has no tests/releases yet: this file was copied there
cd TREE && PYTHONPATH=. python tests/releases/write.py URL
pg_dump --inserts --no-owner --no-acl URL     # or `sqlite3 FILE .dump`; the lines that set or select nothing go
"""

import sys
from typing import Any

from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from store.database.tables import installation, models
from tests.domain.histories import side
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import KEY, World

DAY = 86_400
LATER = 3 * DAY
"""Seconds from the start: whoever was hot then has cooled."""
SHOP = "https://www.shop.example"
SALES = '\n[[sales.owners]]\nname = "ana"\n[[sales.owners]]\nname = "bo"\n'
"""Since 0.4: who is hot gets an owner, and is waited for."""


def write(url: str) -> None:
    """Hot, cooled, retracted, promoted and merged leads, members of segments, one that waits, one put aside."""
    world = World(url, parse_model(MODEL + SALES), us(0))
    with world.database.transaction() as conn:
        conn.execute(installation.update().where(installation.c.name == "id_key").values(value=KEY))
        conn.execute(models.update().values(activated_at=us(0)))
    for second, touchpoints in HISTORY:
        world.clock = us(second)
        world.play([touchpoints])
    assert world.verify().differing == 0
    _fail_for_the_poisoned()
    world.play([[at(LATER + 20, "page_viewed", "e:aside@x.test", poison=True)]])
    world.close()


def _hot(second: float, *names: str) -> list[Touchpoint]:
    return [at(second, "form_submitted", *names), at(second + 1, "form_submitted", *names)]


def _page(second: float, *names: str, query: str = "", referrer: str = "") -> Touchpoint:
    return at(second, "page_viewed", *names, source="browser", url=f"{SHOP}/{query}", referrer=referrer)


HISTORY = (
    (20, [*_hot(5, "e:cooled@x.test"), *_hot(6, "e:one@x.test"), *_hot(7, "e:other@x.test")]),
    (30, [at(25, "merged", "e:one@x.test", source="api", **side("e:other@x.test"))]),
    (40, [*_hot(31, "e:us@x.test"), *_hot(32, "e:aside@x.test")]),
    (50, [at(41, "identified", "e:us@x.test", profile={"email": "a@us.example"})]),
    (LATER + 10, [
        _page(LATER, "c:visitor", query="?utm_source=news&utm_medium=email&utm_campaign=May"),
        _page(LATER + 1, "c:hot", query="?gclid=77", referrer="https://www.google.com/"),
        _page(LATER + 2, "c:hot"),
        *_hot(LATER + 3, "c:hot", "e:hot@x.test"),
        at(LATER + 5, "identified", "e:hot@x.test", profile={"title": "CEO", "company": "Acme"}),
        at(LATER + 6, "stage_changed", "e:hot@x.test", source="api", to="qualified"),
        at(LATER + 7, "stage_changed", "e:one@x.test", source="api", to="customer"),
        at(LATER + 9 * DAY, "page_viewed", "e:hot@x.test"),
    ]),
)  # fmt: skip
"""What arrived by which clock (seconds)."""


def _fail_for_the_poisoned() -> None:
    step = Fold.step

    def fails(self: Fold, lead: Any, group: list[Touchpoint], *more: Any) -> None:
        if any(touchpoint.properties.get("poison") for touchpoint in group):
            raise ArithmeticError("a rule divides by nothing")
        step(self, lead, group, *more)

    Fold.step = fails  # type: ignore[method-assign]


if __name__ == "__main__":
    write(sys.argv[1])
