"""What speaks to a group of a chat: an address, texts in the group's language, whom they mention, what a robot asks."""

from consumers.notify.owners import mentioned
from consumers.notify.parcel import Parcel, Setup
from consumers.notify.web import Web
from consumers.notify.words import Phrases, harmless, in_bytes


class Chat:
    """What the senders to chats have in common."""

    digests = True

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the address is none."""
        self.web = Web(setup.url, allow_private=setup.destination.allow_private)
        self.words = Phrases(setup.destination.language, setup.zone, setup.labels)
        self.key = setup.keys[0] if setup.keys else None
        self._destination = setup.destination
        self._sales = setup.sales

    def mentioned(self, parcel: Parcel) -> tuple[str, ...]:
        """The ids, in this chat, of whom the notes concern."""
        return mentioned(parcel.notes, self._sales, self._destination.type)

    def text_with_keyword(self, parcel: Parcel, longest: int) -> str:
        """The text of at most so many bytes, with the word without which a robot takes none."""
        text = harmless(self.words.text(parcel, longest, in_bytes))
        keyword = self._destination.keyword
        return f"{text}\n{keyword}" if keyword and keyword not in text else text
