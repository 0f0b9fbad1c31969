"""The part of Kibana's query language that the dashboards use, as a query of Elasticsearch and as a condition in Python.

::

    query = term { "and" term }        term = "not" term | field ":" value
    value = "*" | word | "(" word { "or" word } ")"
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOKEN = re.compile(r'\s*("[^"]*"|[():*]|[\w.]+)')


class Kql:
    """One query.

    Raises:
        ValueError: it uses more of the language.
    """

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self.terms = [self._term()] if self._tokens else []
        while self._tokens:
            self._take("and")
            self.terms.append(self._term())

    def query(self) -> dict[str, Any]:
        return {"bool": {"filter": [_query(*term) for term in self.terms]}}

    def holds(self, fact: Mapping[str, Any]) -> bool:
        return all(_holds(fact, *term) for term in self.terms)

    def _term(self) -> tuple[bool, str, tuple[str, ...]]:
        negated = self._tokens[0] == "not"
        if negated:
            self._take("not")
        field = self._tokens.pop(0)
        self._take(":")
        return negated, field, tuple(self._values())

    def _values(self) -> Iterator[str]:
        if self._tokens[0] != "(":
            yield self._tokens.pop(0)
            return
        self._take("(")
        yield self._tokens.pop(0)
        while self._tokens[0] == "or":
            self._take("or")
            yield self._tokens.pop(0)
        self._take(")")

    def _take(self, token: str) -> None:
        found = self._tokens.pop(0)
        if found != token:
            raise ValueError(f"{found} in the place of {token}")


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text[at:])
        tokens.append(found[1])
        at = found.end()
    return tokens


def _query(negated: bool, field: str, values: tuple[str, ...]) -> dict[str, Any]:
    anything: dict[str, Any] = {"exists": {"field": field}}
    found = anything if values == ("*",) else {"terms": {field: [value.strip('"') for value in values]}}
    return {"bool": {"must_not": found}} if negated else found


def _holds(fact: Mapping[str, Any], negated: bool, field: str, values: tuple[str, ...]) -> bool:
    there = fact.get(field)
    all_of_it = there if isinstance(there, list | tuple) else [] if there is None else [there]
    written = {str(value).lower() if isinstance(value, bool) else str(value) for value in all_of_it}
    found = bool(written) if values == ("*",) else bool(written & {value.strip('"') for value in values})
    return found is not negated
