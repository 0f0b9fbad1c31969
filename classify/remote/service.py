"""What somebody who runs a model tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from classify.verdict import Label, Severity

Kind = Literal["chat", "labels", "raw-labels"]
Outcome = Literal["answered", "failed", "unusable", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server and what it is asked.

    ``model`` is what the server calls its model; verdicts name it so. ``seconds`` is how long asking about one batch may take
    altogether, ``most`` how many texts of it are asked about. A text is asked about where the local model gives any label at
    least the probability ``ask_from``. ``threshold`` and ``lowers`` are those of `classify.remote.weighing.weigh`. ``labels``
    maps the server's names of labels to ours; a chat does not read it.
    """

    url: str = field(repr=False)
    kind: Kind
    model: str
    token: str = field(default="", repr=False)
    seconds: float = 3.0
    most: int = 20
    ask_from: float = 0.05
    threshold: float = 0.5
    lowers: Severity = "none"
    labels: Mapping[str, Label] = field(default_factory=dict)
