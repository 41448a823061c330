"""README and tutorial in Chinese are those in English: the same headings in the same order, the same blocks of code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAIRS = (("README.md", "README.zh.md"), ("docs/tutorial.md", "docs/zh/tutorial.md"))
pairs = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[english for english, _ in PAIRS])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HAN = re.compile(r"[\u4e00-\u9fff]")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*$", BLOCK.sub("", text), re.MULTILINE)


@pairs
def test_headings_are_as_many_at_the_same_levels_with_the_same_numbers(english: str, chinese: str) -> None:
    def skeleton(name: str) -> list[tuple[int, list[str]]]:
        return [(len(each.split()[0]), re.findall(r"\d+", each)) for each in headings(read(name))]

    assert skeleton(chinese) == skeleton(english)
    assert all(HAN.search(each) for each in headings(read(chinese)) if "Leadline" not in each)


@pairs
def test_what_is_typed_is_the_same(english: str, chinese: str) -> None:
    assert BLOCK.findall(read(chinese)) == BLOCK.findall(read(english)) != []


@pairs
def test_each_links_to_the_same_pages(english: str, chinese: str) -> None:
    def targets(name: str) -> set[Path]:
        folder = (ROOT / name).parent
        links = re.findall(r"\]\(([^)#\s:]+)[^)]*\)", read(name))
        own = {(ROOT / each).resolve() for pair in PAIRS for each in pair}
        return {(folder / link).resolve() for link in links} - own

    assert targets(chinese) == targets(english)


@pairs
def test_paragraphs_are_as_many(english: str, chinese: str) -> None:
    def paragraphs(name: str) -> int:
        return len([part for part in re.split(r"\n\s*\n", BLOCK.sub("```", read(name))) if part.strip()])

    assert paragraphs(chinese) == paragraphs(english)
