"""What each command shows of what is held, about whom, and what it writes into the audit log. Each has a rule: a test sees to it.

Whoever may run commands here has everything: the files, or the passwords of a cluster. Nothing is refused to her by a role, so
that what she does with texts, people and consents is written down.
"""

from dataclasses import dataclass
from typing import Literal

from access.audit_entry import Action

Runs = Literal["anybody", "operator"]
"""Who can run it: ``anybody``, as it needs nothing that is held, or who has the data folder or the passwords of a cluster."""
Shows = Literal["nothing", "counts", "names", "texts"]
"""The most that it shows of what is held. ``counts``: how many, also by municipality; ``names``: who is looked for, told or signs
in, and accounts; ``texts``: of posts, also into a file."""
Reach = Literal["nothing", "everybody", "one official", "one person", "one author", "one tenant", "one post"]
"""About whom: in one call about ``everybody``, of all tenants, or only about whom the command names."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command does; ``notes``: each of its calls that does something writes some of these into the audit log."""

    runs: Runs
    shows: Shows = "nothing"
    reach: Reach = "nothing"
    notes: tuple[Action, ...] = ()


_ALONE = Rule("anybody")
_CARE = Rule("operator")
_COUNTS = Rule("operator", "counts", "everybody")
_NAMES = Rule("operator", "names", "everybody")

RULES: dict[str, Rule] = {
    "run": _COUNTS,
    "demo": _ALONE,
    "work": _CARE,
    "check": _NAMES,
    "status": _COUNTS,
    "search": Rule("operator", "texts", "everybody", ("texts-listed",)),
    "classify": _ALONE,
    "submit": Rule("operator", "nothing", "one official", ("text-submitted",)),
    "drift": _COUNTS,
    "shadow": _COUNTS,
    "export": Rule("operator", "texts", "one official", ("exported",)),
    "backup": Rule("operator", "texts", "everybody", ("exported",)),
    "restore": _COUNTS,
    "migrate": _COUNTS,
    "reindex": _COUNTS,
    "trends": _CARE,
    "train": _ALONE,
    "evaluate": _ALONE,
    "officials list": _NAMES,
    "officials import": Rule("operator", "counts", "everybody", ("official-added", "official-changed")),
    "officials add": Rule("operator", "nothing", "one official", ("official-added",)),
    "officials consent": Rule("operator", "names", "one official"),
    "officials withdraw": Rule("operator", "counts", "one official", ("consent-withdrawn", "erased")),
    "officials erase-again": Rule("operator", "names", "everybody", ("erased",)),
    "officials names": _NAMES,
    "officials confirm": Rule("operator", "nothing", "one official", ("names-confirmed", "names-declined")),
    "tenants list": _COUNTS,
    "tenants set": Rule("operator", "nothing", "one tenant", ("tenant-changed",)),
    "people invite": Rule("operator", "names", "one person", ("invited", "person-changed")),
    "people list": _NAMES,
    "people sessions": Rule("operator", "names", "one person"),
    "people end": Rule("operator", "nothing", "one person", ("session-ended",)),
    "people remove": Rule("operator", "nothing", "one person", ("person-removed",)),
    "authors find": Rule("operator", "names", "one author", ("author-looked-up",)),
    "authors export": Rule("operator", "texts", "one author", ("author-exported",)),
    "authors erase": Rule("operator", "counts", "one author", ("author-erased",)),
    "authors object": Rule("operator", "counts", "one author", ("author-objected", "author-erased")),
    "hold add": Rule("operator", "nothing", "one post", ("hold-added",)),
    "hold list": _NAMES,
    "hold end": Rule("operator", "nothing", "one post", ("hold-ended",)),
    "retention show": _COUNTS,
    "retention run": _COUNTS,
    "retention reports": _COUNTS,
    "database upgrade": _CARE,
    "audit list": _NAMES,
    "audit verify": _CARE,
    "alerts explain": Rule("operator", "names", "one post"),
    "alerts dry-run": _NAMES,
    "alerts duty": _NAMES,
    "alerts export": Rule("operator", "names", "one official", ("exported",)),
    "alerts test": Rule("operator", "names"),
    "alerts bounced": _CARE,
    "alerts drill": _COUNTS,
    "dead list": _NAMES,
    "dead show": Rule("operator", "texts", "one post", ("text-read",)),
    "dead replay": _COUNTS,
    "dead drop": Rule("operator", "nothing", "one post", ("dead-letter-dropped",)),
    "topics apply": _CARE,
    "topics show": _COUNTS,
    "decisions export": Rule("operator", "texts", "everybody", ("exported",)),
    "index apply": _CARE,
    "index show": _COUNTS,
    "index roll": _CARE,
    "kibana apply": _CARE,
    "kibana export": _ALONE,
    "corpus agreement": _ALONE,
    "corpus export": _ALONE,
}
