"""Forms of the how-to pages as a browser reads them, and the pages' addresses as those of a server that runs."""

from html.parser import HTMLParser

from tests.runtime.serving import Server

SITE = "https://www.example.com"


def here(server: Server, text: str) -> str:
    """The sample, with the server's address for those of the pages."""
    address = f"http://127.0.0.1:{server.port}"
    return text.replace("https://collect.example.com", address).replace("http://127.0.0.1:8787", address)


class Form(HTMLParser):
    """The action of a page's form, and the names and values of its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self.action = said["action"] or ""
        if tag == "input":
            self.fields[said["name"] or ""] = said.get("value") or ""
