"""The page of signal kinds, made from the table that everything about them follows from."""

import json
from typing import Final

from domain.signals.kinds import TRAITS, SignalKind
from scripts.examples import example

_HEAD: Final = """\
# Signals

<!-- Made from the code by `make docs`: change it there. -->

What is announced, kind by kind. Where and how: [topics](topics.md). Beside these fields every signal has
`id`, `kind`, `lead`, `lead_now`, `at`, `subject`, `closes`, `link` (null without `LEADLINE_PUBLIC_URL`) and
`answer_link`: where the owner answers whom a `lead.assigned`, or the `lead.hot` before it, asks (null where nobody is
asked, and without `LEADLINE_LINK_KEY`). Each example is the value of a message on its topic, an item of `/api/signals`
(which has `position` too), and `data` of what a webhook gets.
"""


def signals_page() -> str:
    """`signals.md`: each kind with its topic, what it closes, what it bears, and an example."""
    return "\n".join([_HEAD, *(_section(kind) for kind in SignalKind)])


def _section(kind: SignalKind) -> str:
    traits = TRAITS[kind]
    stays = "stays open until one that closes it" if traits.opens else "stays not open itself"
    closes = f"closes a `{traits.closes.value}`" if traits.closes else "closes nothing"
    rows = [
        f"| `{datum.name}` | {datum.type} | {datum.about}{'' if datum.always else ' (not always there)'} |"
        for datum in traits.data
    ]
    about = f"{traits.about[0].upper()}{traits.about[1:]}. Topic `{traits.topic.value}`; {closes}; {stays}."
    shown = json.dumps(example(kind)[1], indent=2, ensure_ascii=False)
    head = [f"## {kind.value}\n\n{about}\n", "| field | type | |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows, "", "```json", shown, "```", ""])
