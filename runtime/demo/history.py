"""The demo's months as the files that a company would bring along: of its website, its mail tool, its CRM, its costs.

Each is made for a mapping beside the model, and goes in by `leadline import`. The same seed gives the same on one day.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from runtime.demo.generator import HOUR, Traffic
from runtime.demo.season import season, season_costs
from runtime.demo.talks import CrmEntry, Deal, talks

WEEKS: Final = 13
PEOPLE: Final = 1_300
_AHEAD: Final = 1_000_000
"""Added to the seed of the months, so that nobody of them is somebody of the hour."""
_CRM: Final = (
    "activity_id", "happened", "kind", "customer_no", "mail", "owner", "stage", "outcome", "note", "minutes", "amount",
    "currency",
)  # fmt: skip
_MAIL: Final = ("event_id", "at", "event", "recipient", "campaign", "variant", "opened_by_machine")
_PERSON: Final = ("first_name", "last_name", "title", "country", "company", "company_employees")
_PAGE: Final = ("path", "url", "title", "referrer")
_CALLED_BACK: Final = frozenset({"contact", "demo", "pricing-request"})
"""Forms that ask for a phone number."""


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A file, and the name of the mapping that reads it."""

    path: Path
    mapping: str


@dataclass(frozen=True, slots=True)
class History:
    """Files in the order in which they are imported, what channels cost, and the deals that are open."""

    files: tuple[HistoryFile, ...]
    costs: Path
    deals: tuple[Deal, ...]
    people: int
    span: str
    """How long it is, in words."""


def write_history(folder: Path, seed: int, now: int, people: int = PEOPLE) -> History:
    """Write the files of what happened until an hour ago (`now` and all instants in microseconds)."""
    midnight = now - now % DAY
    start, end = midnight - WEEKS * 7 * DAY, now - HOUR
    traffic = season(seed + _AHEAD, start, midnight + DAY, people)
    told, deals = talks(seed, traffic.truth, end)
    site, mail, crm = folder / "site.jsonl", folder / "mail.csv", folder / "crm.csv"
    happened = [each for each in _once(traffic) if each.occurred_at < end]
    with site.open("wb") as file:
        file.writelines(orjson.dumps(row) + b"\n" for row in map(_site_row, happened) if row)
    _write_csv(mail, _MAIL, filter(None, map(_mail_row, happened)))
    emails = {number: person.email for number, person in traffic.truth.people.items()}
    owners = {talk.person: talk.owner for talk in told}
    moves = [row for each in happened if (row := _crm_row(each, owners, emails))]
    calls = [_talk_row(talk, number, emails) for number, talk in enumerate(told)]
    _write_csv(crm, _CRM, sorted([*moves, *calls], key=lambda row: row["happened"]))
    costs = folder / "costs.csv"
    costs.write_text(season_costs(start, midnight), encoding="utf-8")
    files = HistoryFile(crm, "crm.toml"), HistoryFile(mail, "mail.toml"), HistoryFile(site, "site.toml")
    return History(files, costs, tuple(deals), traffic.truth.leads, f"{WEEKS} weeks")


def _once(traffic: Traffic) -> Iterable[Touchpoint]:
    """What was delivered twice once: files have it once."""
    return {touchpoint.id: touchpoint for touchpoint in traffic.touchpoints()}.values()


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="raise")
        writer.writeheader()
        writer.writerows(rows)


# ---- rows --------------------------------------------------------------------------------------------------------


def _site_row(touchpoint: Touchpoint) -> dict[str, Any] | None:
    """A row of the website, if a browser said it."""
    said = {identity.kind: identity.value for identity in touchpoint.identities}
    if "anonymous_id" not in said:
        return None
    properties, profile = touchpoint.properties, touchpoint.profile
    row = {
        "event_id": touchpoint.id,
        "at": touchpoint.occurred_at // 1_000,
        "seq": touchpoint.seq,
        "event": touchpoint.type,
        "visitor": said["anonymous_id"],
        "user": said.get("user_id"),
        "mail": said.get("email"),
        "phone": _phone(touchpoint.id) if properties.get("form") in _CALLED_BACK else None,
        "person": {name: profile[name] for name in _PERSON if name in profile},
        "page": {name: properties[name] for name in _PAGE if name in properties},
    }
    more = {name: properties[name] for name in ("form", "file", "event_name", "seats", "plan") if name in properties}
    return {name: value for name, value in (row | more).items() if value is not None and value != {}}


def _phone(message: str) -> str:
    """A number that reaches nobody: those with 555-01 are kept free for stories."""
    number = int(message.split("-")[1])
    return f"+1{212 + number // 100}55501{number % 100:02}"


def _mail_row(touchpoint: Touchpoint) -> dict[str, Any] | None:
    """A row of the mail tool, if it said it."""
    if not touchpoint.type.startswith("email_"):
        return None
    properties = touchpoint.properties
    return {
        "event_id": touchpoint.id,
        "at": rfc3339(touchpoint.occurred_at),
        "event": touchpoint.type.removeprefix("email_"),
        "recipient": touchpoint.profile["email"],
        "campaign": properties["campaign"],
        "variant": properties.get("variant", ""),
        "opened_by_machine": "yes" if properties.get("machine") else "no",
    }


def _crm_row(
    touchpoint: Touchpoint, owners: Mapping[int, str], emails: Mapping[int, str | None]
) -> dict[str, Any] | None:
    """A row of the CRM, if it said it: moves, meetings, orders."""
    kind = {"stage_changed": "Moved", "meeting_held": "Meeting", "order_placed": "Order"}.get(touchpoint.type)
    if kind is None:
        return None
    properties, number = touchpoint.properties, int(touchpoint.id.split("-")[1])
    return {
        "activity_id": touchpoint.id,
        "happened": rfc3339(touchpoint.occurred_at),
        "kind": kind,
        "customer_no": next(each.value for each in touchpoint.identities if each.kind == "user_id"),
        "mail": emails[number],
        "owner": owners.get(number, ""),
        "stage": properties.get("to", ""),
        "minutes": properties.get("minutes", ""),
        "amount": properties.get("revenue", ""),
        "currency": properties.get("currency", ""),
    }


def _talk_row(talk: CrmEntry, number: int, emails: Mapping[int, str | None]) -> dict[str, Any]:
    return {
        "activity_id": f"talk-{number}",
        "happened": rfc3339(talk.at),
        "kind": talk.kind,
        "mail": emails[talk.person],
        "owner": talk.owner,
        **talk.said,
    }
