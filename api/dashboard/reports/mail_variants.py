"""What a test of two variants of a mail says, in words: which did better, how sure that is, and what to mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.judging.backtest import Portion
from domain.judging.two_shares import LEAST, TwoShares

MEASURED: Final[Mapping[str, str]] = {
    "clicked": N_("clicked"),
    "opened": N_("opened"),
    "converted": N_("converted"),
}
"""What a test compares, the first where nobody says."""

_VERDICTS: Final[Mapping[str, str]] = {
    "few": N_("Too few people to tell"),
    "same": N_("No difference is shown"),
    "better": N_("{better} did better"),
}


@dataclass(frozen=True, slots=True)
class MailTest:
    """The words of a test. `clear`: whether it shows a difference."""

    verdict: str
    clear: bool
    sentences: Sequence[str]
    warnings: Sequence[str]


def mail_test(
    wording: PageWording, items: Sequence[Mapping[str, Any]], of: str, left_out: int = 0, notes: Sequence[str] = ()
) -> MailTest:
    """What the two rows of a test say of `of`, one of MEASURED. `left_out`: people whose mail bears no variant;
    `notes`: what else is to be minded."""
    first, second = items
    shares = TwoShares(*(Portion(each[of], each["people"]) for each in items))
    lowest, highest = second["lowest"], second["highest"]
    clear = lowest is not None and highest is not None and not shares.too_few and (lowest > 0 or highest < 0)
    better = second if (second["difference"] or 0) > 0 else first
    verdict = wording.text(
        _VERDICTS["few" if shares.too_few else "better" if clear else "same"], better=better["variant"]
    )
    sentences = [
        wording.text(
            N_("Of {variant} {part} of {people} people {measured}: {share}."),
            variant=each["variant"],
            part=wording.number(each[of]),
            people=wording.number(each["people"]),
            measured=wording.text(MEASURED[of]),
            share=wording.share(each[f"{of}_share"]),
        )
        for each in items
    ]
    if lowest is not None and highest is not None:
        values = {name: _points(wording, second[name]) for name in ("difference", "lowest", "highest")}
        sentences.append(
            wording.text(
                N_(
                    "{second} minus {first}: {difference} points; with 95% confidence the true difference lies between"
                    " {lowest} and {highest}."
                ),
                second=second["variant"],
                first=first["variant"],
                **values,
            )
        )
        chance = second["chance"] if second["chance"] is not None else 1.0
        sentences.append(
            wording.text(
                N_("If nothing differed, they would lie at least so far apart with a chance of {chance}."),
                chance=f"< {wording.share(0.001)}" if chance < 0.001 else wording.share(chance),
            )
        )
    return MailTest(verdict, clear, sentences, [*_warnings(wording, shares, of, left_out), *notes])


def _warnings(wording: PageWording, shares: TwoShares, of: str, left_out: int) -> list[str]:
    warnings = []
    if shares.too_few:
        text = N_("Wait for more: of the smaller variant fewer than {least} would be expected on either side.")
        warnings.append(wording.text(text, least=LEAST))
    warnings.append(wording.text(N_("Decide once, at the end: who looks every day finds differences that are none.")))
    if of == "opened":
        warnings.append(wording.text(N_("Many mail programs open by themselves: clicks say more.")))
    if of == "converted":
        warnings.append(wording.text(N_("Whoever clicked in the last 7 days may still convert.")))
    if left_out:
        text = N_("Without a variant, and left out: {count} people.")
        warnings.append(wording.text(text, count=wording.number(left_out)))
    return warnings


def _points(wording: PageWording, share: float) -> str:
    """A difference of shares in points of 100, with its sign."""
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return sign + wording.number(abs(100 * share), 1)
