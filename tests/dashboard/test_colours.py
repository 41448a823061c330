"""The colours of pages, light and dark, can be told apart by weak eyes, as WCAG 2.2 counts contrast."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "api" / "dashboard" / "static"
_ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
_COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{3,6});")


def colours(scheme: int) -> dict[str, str]:
    """By name, of the light (0) or the dark (1) scheme."""
    found = {}
    for name in ("leadline.css", "charts.css"):
        css = (STATIC / name).read_text()
        found |= dict(_COLOUR.findall(_ROOT.findall(css)[scheme]))
    return found


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_texts_and_the_edges_of_fields_stand_out(scheme: int) -> None:
    found = colours(scheme)
    grounds = ("page", "panel", "tint")
    texts = [(text, ground) for text in ("ink", "muted", "accent", "late") for ground in grounds]
    weak = [pair for pair in [*texts, ("on-accent", "accent")] if contrast(*(found[each] for each in pair)) < 4.5]
    marks = ["rest", *(each for each in found if each.startswith("series-"))]
    weak += [
        (mark, ground) for mark in marks for ground in ("page", "panel") if contrast(found[mark], found[ground]) < 3
    ]
    assert not weak and len(marks) == 10
