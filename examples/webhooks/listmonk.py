"""A list of listmonk that follows a segment of Leadline: who enters it is added, who leaves it is removed.

    pip install standardwebhooks httpx2
    export WEBHOOK_KEY=whsec_... LISTMONK_URL=http://127.0.0.1:9000
    LISTMONK_USER=leadline LISTMONK_TOKEN=... LISTMONK_LIST=3 python listmonk.py 8080

Nobody is subscribed whom listmonk blocks, and who unsubscribed there stays unsubscribed: their status is left as it is.
"""

import os
from typing import Any

import httpx2
from receive import serve


def follow(message: dict[str, Any]) -> None:
    """Bring the list in line with one signal. Raises where listmonk does not take it: then it comes again."""
    person = message["data"].get("person") or {}
    email = person.get("email")
    if not email or message["type"] not in ("segment.entered", "segment.left"):
        return
    token = f"{os.environ['LISTMONK_USER']}:{os.environ['LISTMONK_TOKEN']}"
    chosen = int(os.environ["LISTMONK_LIST"])
    headers = {"Authorization": f"token {token}"}
    with httpx2.Client(base_url=os.environ["LISTMONK_URL"], headers=headers, timeout=10) as listmonk:
        subscriber = find(listmonk, email)
        if subscriber is not None:
            status = {each["id"]: each["subscription_status"] for each in subscriber["lists"]}
            entered = message["type"] == "segment.entered"
            if entered == (chosen in status) or status.get(chosen) == "unsubscribed":
                return
            action = "add" if entered else "remove"
            change = {"ids": [subscriber["id"]], "action": action, "target_list_ids": [chosen], "status": "confirmed"}
            listmonk.put("/api/subscribers/lists", json=change).raise_for_status()
        elif message["type"] == "segment.entered":
            name = person.get("name") or email
            new = {
                "email": email, "name": name, "status": "enabled", "lists": [chosen], "preconfirm_subscriptions": True,
            }  # fmt: skip
            listmonk.post("/api/subscribers", json=new).raise_for_status()


def find(listmonk: httpx2.Client, email: str) -> dict[str, Any] | None:
    """The subscriber with exactly this e-mail."""
    answer = listmonk.get("/api/subscribers", params={"search": email, "per_page": "all"})
    answer.raise_for_status()
    matching = [each for each in answer.json()["data"]["results"] if each["email"].lower() == email.lower()]
    return matching[0] if matching else None


if __name__ == "__main__":
    serve(follow)
