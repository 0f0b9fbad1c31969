"""Phrases that are abuse by themselves, per language, and the frames that make them lawful."""
