"""What earlier versions wrote, by the version of their tables: a threat to somebody invented, its alert, a dead letter."""

from pathlib import Path

ARCHIVES = Path(__file__).parent
