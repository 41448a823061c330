"""The policies: what the ledger decided to ask of a lead goes onto the log, a touchpoint like everyone's.

A promotion is asked once for each announced episode, withdrawn only where that episode is retracted by what happened;
an owner is noted; a rejected lead is moved. Asking twice is once: the touchpoint's id is made of the signal's. Whether
it takes effect is the fold's to say.
"""

from collections.abc import Iterator, Sequence

from domain.touchpoints.touchpoint import Source, Touchpoint
from store.ledger import Signal, ask_of


def asked_touchpoints(signals: Sequence[Signal]) -> Iterator[Touchpoint]:
    """What these signals ask for, as touchpoints to put on the log.

    They bear the decision's clock, so that they come after their cause, whenever they are sent.
    """
    for signal in signals:
        if signal.asks is not None:
            ask, identity = ask_of(signal.asks)
            source = Source("policy", ask.policy)
            yield Touchpoint(ask.id, source, ask.type, signal.at, signal.at, (identity,), properties=ask.properties)
