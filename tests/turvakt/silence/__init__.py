"""Tests of `turvakt.watch`."""
