"""The policy that promotes: what the ledger decided to ask of a lead goes onto the log, a touchpoint like everyone's.

Asked once for each announced episode, withdrawn only where that episode is retracted by what happened. Asking twice is
once: the touchpoint's id is made of the signal's. Whether it takes effect is the fold's to say.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.ledger import Ask, Signal

POLICY: Final = Source("policy", "promote")
"""The source of promotions and their withdrawals."""


def promotions(signals: Sequence[Signal]) -> Iterator[Touchpoint]:
    """What these signals ask for, as touchpoints to put on the log.

    They bear the decision's clock, so that they come after their cause, whenever they are sent.
    """
    for signal in signals:
        if signal.asks is not None:
            ask = Ask(*orjson.loads(signal.asks))
            identity = Identity(*ask.identity)
            yield Touchpoint(
                ask.id, POLICY, "stage_changed", signal.at, signal.at, (identity,), properties=ask.properties
            )
