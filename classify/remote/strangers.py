"""Names, accounts and pages that the local models may see and that must not leave the machine.

What `classify.masking.mask` hides is settled by what the models were trained on: it finds names in the commonest places alone.
"""

import re

from classify.lexicon import DISGUISED, KNOWN, is_given, undisguise
from classify.masking import PAGE_ENDINGS, capitalised, in_plain_case

_CAPITAL = f"[{''.join(letter for letter in map(chr, range(0x250)) if letter.isupper())}]"
_INSIDE = r"[\w,;:)&]"
_OPENING = "[\"“”„»«'’‘(\\[{/–—\\-]"
_BEFORE = (
    f"{_INSIDE} ",
    f"{_INSIDE}{_OPENING}",
    f"{_INSIDE}{_OPENING} ",
    f"{_INSIDE} {_OPENING}",
    f"{_INSIDE} {_OPENING} ",
    f"{_INSIDE} {_OPENING}{_OPENING}",
)
"""What stands before a word in the middle of a sentence: another word, and a bracket, a quotation mark or a dash between them."""
_NAME = re.compile(
    rf"{_CAPITAL}(?<![^\W\d_].)(?:{'|'.join(f'(?<={before}.)' for before in _BEFORE)})"
    rf"[^\W\d_]+(?:[-'’]{_CAPITAL}[^\W\d_]+)*"
)
_PAGE = re.compile(rf"(?<![\w@./\-])((?:[\w\-]+\.){{1,3}})(?:{PAGE_ENDINGS})(?:(/[^\s,;!\"“”„»]*)|(?!\w))")
_USER = re.compile(r"(?<![\w/.])/?u/[\w\-]{3,}")


def strangers(text: str) -> list[tuple[int, int]]:
    """Where they stand in ``text``.

    A common word stays, also with a capital or with a dot and no blank behind it: "dum.se på dig" is no page.
    """
    plain, places = in_plain_case(text)
    found = [(start, end) for start, end in capitalised(plain, _NAME) if not _is_disguised(plain[start:end].lower())]
    found += [match.span() for match in _PAGE.finditer(plain) if _is_page(match)]
    found += [match.span() for match in _USER.finditer(plain)]
    return [(places[start], places[end - 1] + 1) for start, end in found]


def _is_disguised(word: str) -> bool:
    return undisguise(word) in DISGUISED and not is_given(word)


def _is_page(match: re.Match[str]) -> bool:
    words = sum(part in KNOWN and not is_given(part) for part in match[1].lower().split("."))
    return words <= (1 if match[2] else 0)
