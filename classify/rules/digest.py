"""The written rules, and all that they read, as a digest: a part of the version of each classifier that they belong to."""

from functools import cache

from classify.digest import digest, of_reading, tables
from classify.fingerprint import fingerprint
from classify.rules import matching, notation


@cache
def of_rules() -> str:
    """Eight hexadecimal digits."""
    return digest([of_reading(), fingerprint(), tables(matching), tables(notation)])
