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
