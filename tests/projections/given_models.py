"""Models of which one follows on another."""

from domain.model.definition import Model, parse_model
from tests.given_model import MODEL as TEXT

_HOT_AT = "hot_at = { A = 10, B = 15, C = 20, D = 20 }"
_PROMOTING = TEXT.replace("rearm_at = 5", 'rearm_at = 2\npromote_to = "qualified"')
MODELS: tuple[Model, ...] = tuple(
    parse_model(text)
    for text in (
        _PROMOTING.replace(_HOT_AT, "hot_at = 9"),
        _PROMOTING.replace(_HOT_AT, "hot_at = 4"),
        _PROMOTING.replace(_HOT_AT, "hot_at = 1000"),
        _PROMOTING.replace(_HOT_AT, "hot_at = 14").replace("points = 5", "points = 14"),
        _PROMOTING.replace(_HOT_AT, "hot_at = 9").replace('requires = ["profile.company"]', ""),
        _PROMOTING.replace(_HOT_AT, "hot_at = 12").replace('name = "warm"', 'name = "lukewarm"'),
        _PROMOTING.replace(_HOT_AT, "hot_at = 9").replace('name = "customer"', 'name = "buyer"\nwas = ["customer"]'),
    )
)
"""Each may follow on each but the last, after which a stage would vanish."""
