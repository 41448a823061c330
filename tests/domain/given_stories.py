"""Stories of identities and the leads that must come of them."""

from domain.people.facts import Facts
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.histories import facts_of, side
from tests.domain.stories import at


def leads(touchpoints: list[Touchpoint], facts: Facts | None = None) -> dict[str, list[str]]:
    walk, histories = assign(touchpoints, facts_of(touchpoints) if facts is None else facts)
    return {str(walk.people[number].name()): [t.id for t in history] for number, history in histories.items()}


STORIES = {
    "two people on one cookie": (
        [
            at(1, "page_viewed", "c:k"),
            at(2, "form_submitted", "c:k", "e:a@x.de"),
            at(3, "page_viewed", "c:k"),
            at(4, "form_submitted", "c:k", "e:b@y.de"),
            at(5, "page_viewed", "c:k"),
        ],
        {"email:a@x.de": 3, "email:b@y.de": 2},
    ),
    "two user ids on a kiosk and back to the first": (
        [
            at(1, "page_viewed", "c:k"),
            at(2, "identified", "c:k", "u:1"),
            at(3, "page_viewed", "c:k"),
            at(4, "identified", "c:k", "u:2"),
            at(5, "page_viewed", "c:k"),
            at(6, "identified", "c:k", "u:1"),
            at(7, "page_viewed", "c:k"),
        ],
        {"user_id:1": 5, "user_id:2": 2},
    ),
    "log-in without e-mail, then a form with one": (
        [
            at(1, "identified", "c:k", "u:1"), at(2, "form_submitted", "c:k", "e:a@x.de"),
            at(3, "email_clicked", "e:a@x.de"),
        ],
        {"user_id:1": 3},
    ),
    "a changed e-mail": (
        [
            at(1, "identified", "u:1", "e:old@x.de"),
            at(2, "identified", "u:1", "e:new@x.de"),
            at(3, "email_clicked", "e:old@x.de"),
            at(4, "email_clicked", "e:new@x.de"),
        ],
        {"user_id:1": 4},
    ),
    "an e-mail that moves to another user_id": (
        [
            at(1, "identified", "u:1", "e:a@x.de"),
            at(2, "email_clicked", "e:a@x.de"),
            at(3, "identified", "u:2", "e:a@x.de"),
            at(4, "email_clicked", "e:a@x.de"),
            at(5, "page_viewed", "u:1"),
        ],
        {"user_id:1": 3, "user_id:2": 2},
    ),
    "a phone shared by two e-mails": (
        [
            at(1, "form_submitted", "e:a@x.de", "p:+491234567"),
            at(2, "call_logged", "p:+491234567"),
            at(3, "form_submitted", "e:b@y.de", "p:+491234567"),
            at(4, "call_logged", "p:+491234567"),
        ],
        {"email:a@x.de": 2, "email:b@y.de": 2},
    ),
    "a late touchpoint un-joins two leads": (
        # Without the second, user 1 and the form's e-mail would be one person.
        [
            at(1, "identified", "c:k", "u:1"),
            at(2, "identified", "u:1", "e:a@x.de"),
            at(3, "form_submitted", "c:k", "e:b@y.de"),
            at(4, "page_viewed", "c:k"),
        ],
        {"user_id:1": 2, "email:b@y.de": 2},
    ),
    "merged by hand": (
        [at(1, "page_viewed", "u:1"), at(2, "page_viewed", "u:2"),
         at(3, "merged", "u:1", source="api", **side("u:2"))],
        {"user_id:1": 3},
    ),
    "merged and unmerged": (
        [at(1, "page_viewed", "u:1"), at(2, "page_viewed", "u:2"),
         at(3, "merged", "u:1", source="api", **side("u:2")),
         at(4, "unmerged", "u:2", source="api", **side("u:1"))],
        {"user_id:1": 2, "user_id:2": 2},
    ),
    "unmerged from an e-mail": (
        [at(1, "identified", "u:1", "e:a@x.de"), at(2, "email_clicked", "e:a@x.de"),
         at(3, "unmerged", "e:a@x.de", source="api", **side("u:1"))],
        {"user_id:1": 1, "email:a@x.de": 2},
    ),
    "alias from a server": (
        [at(1, "page_viewed", "u:old"), at(2, "page_viewed", "u:new"), at(3, "aliased", "u:new", previous="old")],
        {"user_id:old": 3},
    ),
    "alias of two known people from a browser": (
        [at(1, "page_viewed", "u:old"), at(2, "page_viewed", "u:new"),
         at(3, "aliased", "u:new", previous="old", source="browser")],
        {"user_id:old": 1, "user_id:new": 2},
    ),
    "alias of a known cookie": (
        [at(1, "page_viewed", "c:k"), at(2, "aliased", "u:1", previous="k", source="browser")],
        {"user_id:1": 2},
    ),
    "alias to itself": (
        [at(1, "identified", "c:k", "u:1"), at(2, "aliased", "c:k", "u:1", previous="1")],
        {"user_id:1": 2},
    ),
}  # fmt: skip
