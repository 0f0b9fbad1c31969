"""What a remote model is asked and says, whatever server it runs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from classify.verdict import Label, Severity

PLACE: Final = "remote model"


@dataclass(frozen=True, slots=True)
class Answer:
    """The probability, 0 to 1, of each label that the model knows, and a severity; None from a model that knows none."""

    labels: Mapping[Label, float]
    severity: Severity | None


class Form(Protocol):
    """How a kind of server wants to be asked."""

    def request(self, text: str) -> dict[str, Any]:
        """What to post, as JSON, to have ``text`` judged."""
        ...

    def answer(self, body: bytes) -> Answer:
        """What a server said with status 200.

        Raises:
            Unavailable: it is not the kind of server that it should be.
            BadInput: it is, but what its model said of this text is not what was asked for.
        """
        ...
