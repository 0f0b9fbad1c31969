"""The commands, one file a subject; `turvakt.cli` puts them together."""
