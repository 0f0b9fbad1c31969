"""Which officials a text names: name forms, signs, accounts. `ingest.mentions` puts them together."""
