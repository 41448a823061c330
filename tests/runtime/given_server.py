"""The model of the tests of a server, and a form sent to it."""

from tests.runtime.serving import Server, eventually

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
requires = ["profile.company"]
[[stages]]
name = "customer"
[score]
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 25
"""
OWNERS = """
[[sales.owners]]
name = "berlin"
weight = 0
members = ["ana", "bo"]
[[sales.owners]]
name = "ana"
weight = 0
[[sales.owners]]
name = "bo"
weight = 0
"""
"""A team and its members. Nobody's turn ever comes: only a person gives them leads."""


def sent(server: Server, name: str, **fields: str) -> dict[str, object]:
    """A form sent by somebody with the e-mail NAME@example.org, and the lead that it becomes."""
    email = f"{name}@example.org"
    assert server.http.post("/f/contact", data={"email": email, **fields}).status_code == 303
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": email}).json()["items"])
    return dict(lead)
