"""`make texts`: brings the dashboard's catalogues up to date with what templates and code say; translations stay.

What is new is empty in them, what is gone is gone: a test finds texts that nobody translated.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from api.dashboard.texts import LOCALE

DASHBOARD: Final = LOCALE.parent
CONDITIONS: Final = LOCALE.parents[2] / "domain" / "conditions"
"""What conditions are said with (`Speech.say`)."""
_METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS: Final = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_ROOMS: Final = ("domain", "store", "producers", "projections", "web", "api", "runtime")
"""Where phrases are made that a page may show."""


def said() -> Catalog:
    """All texts of templates and code."""
    catalogue = Catalog()
    options = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    extracted = extract_from_dir(DASHBOARD, _METHODS, options, _KEYWORDS)
    for file, _, message, comments, context in extracted:
        catalogue.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    for room in _ROOMS:
        for file, _, message, _, _ in extract_from_dir(DASHBOARD.parents[1] / room, _METHODS[1:], {}, {"phrase": None}):
            catalogue.add(message, None, [(file, 0)])
    for file, _, message, _, _ in extract_from_dir(CONDITIONS, _METHODS[1:], {}, {"say": None}):
        catalogue.add(message, None, [(file, 0)])
    return catalogue


def current(file: Path, texts: Catalog) -> bytes:
    """A catalogue as it should be: the same translations of exactly these texts."""
    with file.open("rb") as raw:
        catalogue = read_po(raw, locale=file.stem, abort_invalid=True)
    catalogue.update(texts, no_fuzzy_matching=True)
    out = BytesIO()
    write_po(out, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = file.read_bytes().partition(b"\n\n")[0]  # as it was: dates in it would differ with every run
    return header + b"\n\n" + out.getvalue().strip() + b"\n"


def catalogues(folder: Path = LOCALE) -> Iterator[Path]:
    """The files of all languages but English."""
    yield from sorted(folder.glob("*.po"))


def main() -> None:
    """Write them."""
    texts = said()
    for file in catalogues():
        file.write_bytes(current(file, texts))
        with file.open("rb") as raw:
            empty = [message.id for message in read_po(raw) if message.id and not message.string]
        print(f"{file.relative_to(Path.cwd())}: {len(empty)} texts are not translated", file=sys.stderr)


if __name__ == "__main__":
    main()
