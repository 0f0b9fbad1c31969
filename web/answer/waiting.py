"""An alert that waits behind a sign-in: what may be said of it to whoever has its link and has not come in."""

from dataclasses import dataclass

from flow.clock import Clock
from registry.official import Language
from web.answer.answers import Answers
from web.answer.reading import is_told

PREFIX = "/a/"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing of the alert itself. ``language`` is that of the message; ``phone`` is whom to call instead, or empty."""

    language: Language
    phone: str

    @property
    def dialled(self) -> str:
        """The number without spaces."""
        return self.phone.replace(" ", "")


def waiting(answers: Answers, address: str, *, clock: Clock) -> Waiting | None:
    """What waits at an address of these pages; ``None``: it is no link of a message, or one that opens nothing."""
    if not address.startswith(PREFIX):
        return None
    delivery = answers.signer.delivery(address.removeprefix(PREFIX).partition("?")[0])
    link = None if delivery is None else answers.links.find(delivery)
    incident = None if link is None or answers.links.expired(link) else answers.incidents.get(link.incident)
    if link is None or incident is None:
        return None
    if not is_told(link, official=answers.official(link.official), clock=clock):
        return None
    if not answers.is_contact(incident, link.contact):
        return None
    return Waiting(link.language, answers.plan(incident.tenant).phone)
