"""Ways to hide words from a machine and not from a reader: each takes a text and a source of chance, and gives a text.

Half of the words of three letters or more are disguised, at least one, if not all of the text: whoever evades disguises what
matters, and a measure may not know what that is.
"""

import re
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Final

from classify.evaluation.changes import LONG_WORD

_DIGITS: Final = str.maketrans("aåäoöeistAÅÄOÖEIST", "444003157444003157")
_LOOKALIKES: Final = (
    str.maketrans("aceopxyisjAEOPCTHKMB", "асеорхуіѕјАЕОРСТНКМВ"),  # Cyrillic
    str.maketrans("aeoviuxAEOPTHKMBN", "αεονιυχΑΕΟΡΤΗΚΜΒΝ"),  # Greek
)
_UNSEEN: Final = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad")
_MARKS: Final = ("\u0332", "\u0336", "\u0323", "\u035f")
"""Under and through a letter: none that makes another letter of it, as two dots do."""
_STYLES: Final = ((0xFF21, 0xFF41), (0x1D400, 0x1D41A), (0x1D5D4, 0x1D5EE), (0x1D670, 0x1D68A))
"""Where A and a stand in full width, bold, bold sans serif and monospace."""
_PUNCTUATION: Final = re.compile(r"[.,!?:;]+(?=\s|$)")
_FACES: Final = ("🙂", "🔥", "✨", "🌹", "🎈")


def leet(text: str, chance: Random) -> str:
    """``d0d4``"""
    return _words(text, chance, lambda word: word.translate(_DIGITS))


def starred(text: str, chance: Random) -> str:
    """``d*da``: a letter in the middle is hidden."""

    def change(word: str) -> str:
        at = chance.randrange(1, len(word) - 1)
        return f"{word[:at]}*{word[at + 1 :]}"

    return _words(text, chance, change)


def spaced(text: str, chance: Random) -> str:
    """``d ö d a``"""
    return _words(text, chance, " ".join)


def dotted(text: str, chance: Random) -> str:
    """``d.ö.d.a``"""
    return _words(text, chance, ".".join)


def unseen(text: str, chance: Random) -> str:
    """Characters without width between the letters."""
    return _words(
        text, chance, lambda word: "".join(letter + chance.choice(_UNSEEN) for letter in word[:-1]) + word[-1]
    )


def lookalikes(text: str, chance: Random) -> str:
    """Cyrillic or Greek letters that look the same."""
    return _words(text, chance, lambda word: word.translate(chance.choice(_LOOKALIKES)))


def repeated(text: str, chance: Random) -> str:
    """``döööda``"""

    def change(word: str) -> str:
        at = chance.randrange(len(word))
        return word[:at] + word[at] * chance.randint(3, 6) + word[at + 1 :]

    return _words(text, chance, change)


def punctuated(text: str, chance: Random) -> str:
    """Marks doubled and trebled, and some after words where there was none."""
    marked = _PUNCTUATION.sub(lambda mark: mark[0] * chance.randint(2, 3), text)
    return _words(marked, chance, lambda word: word + chance.choice(("!!", "..", "??", "?!")))


def marked(text: str, chance: Random) -> str:
    """Combining marks on the letters."""
    return _words(text, chance, lambda word: "".join(letter + chance.choice(_MARKS) for letter in word))


def styled(text: str, chance: Random) -> str:
    """Letters in full width and of mathematics."""
    return _words(text, chance, lambda word: _in_style(word, *chance.choice(_STYLES)))


def split(text: str, chance: Random) -> str:
    """``dö-da`` or ``dö da``"""

    def change(word: str) -> str:
        at = chance.randrange(1, len(word))
        return word[:at] + chance.choice("- ") + word[at:]

    return _words(text, chance, change)


def run_together(text: str, chance: Random) -> str:
    """``jagskadödadig`` or ``jag-ska-döda-dig``: of each four words one."""
    words = text.split(" ")
    fours = (words[start : start + 4] for start in range(0, len(words), 4))
    return " ".join(chance.choice(("", "-", "_", ".", ",")).join(four) for four in fours)


def mixed(text: str, chance: Random) -> str:
    """``D🔥Ö🔥D🔥A``: small letters for capitals and the other way round, with emoji between them."""
    return _words(text, chance, lambda word: chance.choice(_FACES).join(word.swapcase()))


def quoted(text: str, chance: Random) -> str:
    """All of it in quotation marks, if nothing in it is."""
    return text if set(text) & set('"“”„»«’‘') else f"”{text}”"


def _in_style(word: str, capital: int, small: int) -> str:
    plain = unicodedata.normalize("NFC", word)
    starts = [(small, "a") if "a" <= letter <= "z" else (capital, "A") for letter in plain]
    return "".join(
        chr(start + ord(letter) - ord(first)) if letter.isascii() else letter
        for letter, (start, first) in zip(plain, starts, strict=True)
    )


def _words(text: str, chance: Random, change: Callable[[str], str]) -> str:
    """``text`` with half of its longer words changed, but at least one."""
    places = [match.span() for match in LONG_WORD.finditer(text)]
    for start, end in sorted(chance.sample(places, -(-len(places) // 2)), reverse=True):
        text = text[:start] + change(text[start:end]) + text[end:]
    return text
