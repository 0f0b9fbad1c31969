"""What a model predicts of a text: its heads, in the order of every array's last axis."""

from typing import Final

from classify.verdict import LABELS

STEPS: Final = ("low", "medium", "high", "critical")
"""The severity heads: each gives the probability of that severity or a graver one."""
PERSON: Final = "person"
"""Whether it is abuse aimed at a person."""
HEADS: Final = (*LABELS, *STEPS, PERSON)
SCALE: Final = slice(len(LABELS), len(LABELS) + len(STEPS))
"""Where the severity heads stand."""
WATCHED: Final = (*range(len(LABELS)), HEADS.index("high"))
"""The heads that tell whether a text is worth a second look: all labels, and severity high or graver."""
