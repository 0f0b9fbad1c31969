"""Silence is an alarm: what must go on is watched, and the operator is told when it does not."""
