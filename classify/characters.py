"""What single code points stand for in plain writing, and a text under work that remembers where each came from."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

LETTER = "a-zåäöéüæøõšžßð"
SIGN = "\u2190-\u2bff\U0001f000-\U0001faff"  # arrows, shapes and emoji
_KEPT = frozenset("åäöéüæøõšž")

EMOJI = {
    "🔪": "emojiknife", "🗡": "emojiknife", "⚔": "emojiknife", "🪓": "emojiaxe", "🔫": "emojigun", "💣": "emojibomb",
    "🧨": "emojibomb", "💥": "emojibang", "⚰": "emojigrave", "🪦": "emojigrave", "⚱": "emojigrave", "☠": "emojideath",
    "🩸": "emojiblood", "🎯": "emojitarget", "🪢": "emojirope",
}  # fmt: skip

LOOKALIKE = {
    **dict(zip("асеорхуіјѕһԁԛԝӏьвнкмтгпзё", "aceopxyijshdqwlbbhkmtrnee", strict=True)),
    **dict(zip("αβγεηικνορτυχωϲ", "abyenikvoptuxwc", strict=True)),
    **dict(zip("ıłđħŧɑɡɩʏꞵɪɴʀᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "ildhtagiybinracdejkmoptuvwz", strict=True)),
    **dict(zip("ʙɢʜʟꜰꜱ", "bghlfs", strict=True)),
    **dict(zip("ꭰꭱꭲꭵꭹꭺꭻꭼꮃꮇꮋꮐꮒꮓꮟꮢꮩꮪꮮꮯꮲꮶꮷᏼ", "drtiyajewmhghzbrvslcpkdb", strict=True)),  # Cherokee
}  # fmt: skip
OTHER_SCRIPT = "Ͱ-ϿЀ-ԯ" + "".join(sorted(letter for letter in LOOKALIKE if letter > "ԯ" or letter < "Ͱ"))
"""Letters that are none of ours, for a set of a regular expression."""

BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by name of which nothing is seen: Hangul fillers, and a Braille cell without dots."""

_BOXED = {  # "🅐" and "🅰": unlike "Ⓐ" and "🄰" they have no compatible form; the letters that make flags are no writing
    chr(first + place): letter
    for first in (0x1F150, 0x1F170)
    for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
}
DRESSED = re.compile(
    "[\u249c-\u24e9\U0001f110-\U0001f129\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
"""A letter in a bracket, a circle or a square, which nobody takes for one who asks Unicode."""


class Letters:
    """A text under work, with the place of each code point."""

    def __init__(self, text: str, starts: list[int], ends: list[int]) -> None:
        self.text, self.starts, self.ends = text, starts, ends

    def rewrite(
        self, shape: re.Pattern[str], change: Callable[[re.Match[str]], list[tuple[str, int, int]] | None]
    ) -> bool:
        """Replace each match by the letters that ``change`` gives, each with its place in the match; None keeps it."""
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in shape.finditer(self.text):
            new = change(match)
            if new is None:
                continue
            at = match.start()
            text.append(self.text[done:at])
            starts += self.starts[done:at]
            ends += self.ends[done:at]
            for letter, first, last in new:
                text.append(letter)
                starts.append(self.starts[at + first])
                ends.append(self.ends[at + last - 1])
            done = match.end()
        if not done:
            return False
        self.text = "".join(text) + self.text[done:]
        self.starts = starts + self.starts[done:]
        self.ends = ends + self.ends[done:]
        return True


_UNSEEN = ("Cf", "Mn", "Me")  # categories of what is invisible or stands on another letter


@lru_cache(maxsize=8192)
def plain_of(char: str) -> str:
    """What one code point stands for: any number of plain ones, or none."""
    if char in EMOJI:
        return f" {EMOJI[char]} "
    if char in _BOXED:
        return _BOXED[char]
    if char in BLANKS:
        return " "
    kind = unicodedata.category(char)
    if kind in _UNSEEN:
        return ""
    if kind in ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"):
        return "\n" if char == "\n" else " "
    found = []
    for each in unicodedata.normalize("NFKC", char).lower():
        if each in _KEPT or unicodedata.category(each) not in _UNSEEN:
            base = each if each in _KEPT else unicodedata.normalize("NFD", each)[0]
            base = EMOJI.get(base, base)
            found.append(base if each.isascii() or base.isascii() else each)
    return unicodedata.normalize("NFC", "".join(found))


@lru_cache(maxsize=8192)
def in_case(char: str) -> str:
    """The plain capital or small letter that a code point stands for, itself if it is none, nothing if it is unseen."""
    if char in _BOXED:
        return _BOXED[char].upper()
    if char in BLANKS:
        return " "
    if unicodedata.category(char) in _UNSEEN:
        return ""
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) != 1:
        return char
    small = LOOKALIKE.get(plain.lower())
    return (small.upper() if plain.isupper() else small) if small else plain


_COMPOSED = {
    ("a", "\u030a"): "å",
    ("a", "\u0308"): "ä",
    ("o", "\u0308"): "ö",
    ("e", "\u0301"): "é",
    ("u", "\u0308"): "ü",
}

ACCENTS = frozenset(accent for _, accent in _COMPOSED)


def characters(text: str) -> tuple[str, list[int], list[int]]:
    """The plain form of each code point in a row, and where each of its letters starts and ends in ``text``."""
    found: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    bare = False  # whether the last letter may still take the accent that makes it another letter
    for place, char in enumerate(text):
        if bare and (found[-1], char) in _COMPOSED:
            found[-1], ends[-1], bare = _COMPOSED[found[-1], char], place + 1, False
            continue
        plain = plain_of(char)
        if plain:
            bare = len(plain) == 1 and plain in "aoeu"
            found += plain
            starts += [place] * len(plain)
            ends += [place + 1] * len(plain)
    return "".join(found), starts, ends
