"""The forms in which a name is written in Swedish and Finnish text."""

from ingest.matching.forms import finnish, swedish
from ingest.matching.forms.text import spelling

_ENDINGS = """
s n in en an ta tä a ä ia iä ea eä lle lla llä lta ltä ssa ssä sta stä ksi na nä tta ttä ille illa
illä ilta iltä issa issä ista istä iksi ina inä iin hin hen han hän hon hun hyn hön seen t ns
"""
ENDINGS = frozenset(_ENDINGS.split())
"""What may follow a name after an apostrophe or a colon: Bordeaux'n, SDP:ssä, Ek:s."""


def name_forms(word: str) -> set[str]:
    """Every form of a single name in both languages, in small letters.

    A Swedish name is inflected in Finnish text and a Finnish name in Swedish text, so the name's own language is not asked.
    Clitics (``-kin``, ``-ko`` ...) are not among the forms; see `finnish.CLITICS`.
    """
    plain = spelling(word)
    return finnish.decline(plain) | swedish.genitives(plain)


def title_forms(word: str) -> set[str]:
    """Every form of the last word of a title or role, in small letters."""
    plain = spelling(word)
    return finnish.decline(plain) | swedish.title_forms(plain)


def spellings(phrase: str) -> set[str]:
    """``phrase`` in small letters, and the ways to write it without ü, ø, æ or the hyphen of a double name."""
    plain = spelling(phrase)
    found = {plain}
    if "-" in plain:
        found.add(plain.replace("-", ""))
    if any(letter in phrase.lower() for letter in "üøæ"):
        found.add(phrase.lower().replace("ü", "ue").replace("ø", "oe").replace("æ", "ae"))
    return found
