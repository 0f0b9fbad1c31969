"""How Finnish inflects a name or a title: all cases, with consonant gradation and vowel harmony.

Where the inflection of a name is uncertain, every form that people may write is given: surnames often keep the
strong grade (Orpo : Orpon beside orvon), given names too (Satu : Satun beside Sadun). A form that nobody writes finds
nothing and costs little.
Sources of the rules: A. Hakulinen et al., "Iso suomen kielioppi" (gradation: sections 41-46, inflection types: 63-78), and
the Institute for the Languages of Finland's advice on the inflection of names. The tables here are our own.
"""

from collections.abc import Iterator

_VOWELS = "aeiouyäöåé"
_BACK, _FRONT = "aouå", "äöy"
# In endings A and O stand for a and o or, in words with front vowels, ä and ö.
_AFTER_WEAK = ("n", "ksi", "ssA", "stA", "llA", "ltA", "lle", "ttA", "s", "st", "l", "lt", "ks")
_AFTER_STRONG = ("nA", "ni", "si", "nsA", "mme", "nne")
# Nouns in -i with a stem in -e that stand at the end of surnames.
_NOUNS = """
lahti järvi koski mäki joki niemi salmi saari lehti suomi nurmi talvi tammi lampi kivi hirvi vuori
kaari helmi sormi sarvi korpi tuuli tähti kanki lohi hanki suvi meri veri kieli mieli nimi lumi
tuomi hiiri hauki kurki kaski kangi kylki selki jälki sääski pelti uni suuri pieni saarni onki sieni
parvi polvi leski vaski arki pilvi kuusi
"""
_E_STEMS = tuple(_NOUNS.split())
# Words of this shape take -ta in the partitive after dropping the e: saari : saarta, kieli : kieltä.
_SHORT_PARTITIVE = ("ri", "li", "ni", "hi")
_T_STEMS = ("susi", "vesi", "uusi", "köysi", "käsi", "kuusi")  # susi : suden, susta
_WEAK: dict[str, tuple[str, ...]] = {
    "kk": ("k",),
    "pp": ("p",),
    "tt": ("t",),
    "nk": ("ng",),
    "nt": ("nn",),
    "mp": ("mm",),
    "lt": ("ll",),
    "rt": ("rr",),
    "ht": ("hd",),
    "lk": ("l", "lj"),
    "rk": ("r", "rj"),
    "hk": ("h",),
    "lp": ("lv",),
    "rp": ("rv",),
    "uk": ("u", "uv"),
    "yk": ("y", "yv"),
    "k": ("",),
    "p": ("v",),
    "t": ("d",),
}
_STRONG: dict[str, tuple[str, ...]] = {
    "ng": ("nk",),
    "nn": ("nt",),
    "mm": ("mp",),
    "ll": ("lt",),
    "rr": ("rt",),
    "hd": ("ht",),
    "rv": ("rp",),
    "lv": ("lp",),
    "k": ("kk",),
    "p": ("pp",),
    "t": ("tt",),
    "d": ("t",),
    "v": ("p",),
}
CLITICS = ("kohan", "köhän", "kaan", "kään", "kin", "han", "hän", "pas", "päs", "ko", "kö", "pa", "pä")
"""What may follow any form: also, even, is it, indeed."""


def _harmonies(word: str) -> tuple[str, ...]:
    """``a`` or ``ä`` for the endings of ``word``; both where compounds and foreign names leave it open."""
    back = max(map(word.rfind, _BACK))
    front = max(map(word.rfind, _FRONT))
    vowels = [letter for letter in word if letter in _VOWELS]
    neutral = len(vowels) > 2 and all(vowel in "ei" for vowel in vowels[-2:])  # Kuikkaniemi : Kuikkaniemessä
    if back >= 0 and (front >= 0 or neutral):
        return ("a", "ä")
    return ("a",) if back >= 0 else ("ä",)


def decline(word: str) -> set[str]:
    """Every form of ``word`` (small letters, its right diacritics), itself included; clitics not."""
    if len(word) < 2:
        return {word}
    made = " ".join((word, *_forms(word)))
    found: set[str] = set()
    for harmony in _harmonies(word):
        back, front = ("a", "o") if harmony == "a" else ("ä", "ö")
        found.update(made.replace("A", back).replace("O", front).split(" "))
    return found


def _forms(word: str) -> Iterator[str]:
    """The forms of ``word``, with A and O where harmony decides."""
    if word.endswith("nen") and len(word) > 4:
        stem = word[:-3] + "se"
        yield from _cases({stem}, {stem})
        yield from (stem + "en", word[:-3] + "stA", word[:-3] + "st")
        yield from (word[:-3] + "sten", word[:-3] + "sien", word[:-3] + "siA")
    elif word[-1] not in _VOWELS:
        yield from _after_consonant(word)
    elif word[-1] in "åé" or (
        word[-2] in _VOWELS and (word[-1] == word[-2] or _syllables(word) == 1 or word[-1] in "iy")
    ):
        yield from _long(word)
    elif word[-1] == "e":
        yield from _in_e(word)
    elif word[-1] == "i":
        yield from _in_i(word)
    else:
        yield from _plain(word)


def _cases(strong: set[str], weak: set[str]) -> Iterator[str]:
    for stem in weak | strong:
        for ending in _AFTER_WEAK:
            yield stem + ending
    for stem in strong:
        for ending in _AFTER_STRONG:
            yield stem + ending


def _plain(word: str) -> Iterator[str]:
    """Jukka, Ranta, Koivisto, Satu, Lepistö, Kallio."""
    yield from _cases({word}, _graded(word, _WEAK))
    yield from (word + "A", word + word[-1] + "n")
    body = word[:-1]
    if word[-1] in "aä":
        yield from (body + ending for ending in ("iA", "ien", "OjA", "Ojen", "OitA", "Oiden"))
    else:
        yield from (word + ending for ending in ("jA", "jen", "itA", "iden"))
    if word[-2] in _VOWELS:
        yield word + "tA"


def _long(word: str) -> Iterator[str]:
    """Suo, Kuu, Ojamaa, Kai, André, Åå: a long vowel or a diphthong at the end."""
    yield from _cases({word}, {word})
    vowel = {"å": "o", "é": "e"}.get(word[-1], word[-1])
    yield from (word + "tA", word + "A", word + "h" + vowel + "n", word + vowel + "n")
    yield from (word[:-1] + "itA", word[:-1] + "iden")
    if word.endswith(("uo", "yö", "ie")):
        yield from (word[:-2] + word[-1] + "itA", word[:-2] + word[-1] + "iden")


def _in_e(word: str) -> Iterator[str]:
    """Kalle : Kallen and Laine : Laineen, Rinne : Rinteen."""
    yield from _cases({word}, {word})
    yield from (word + "A", word + "en", word + "jA", word + "jen", word + "ttA")
    for strong in _graded(word, _STRONG) | {word}:
        stem = strong + "e"
        yield from _cases({stem}, {stem})
        yield from (stem + "seen", strong[:-1] + "eitA", strong[:-1] + "eiden")


def _in_i(word: str) -> Iterator[str]:
    """Heikki : Heikin, and where the word is known for it Mäki : Mäen."""
    body = word[:-1]
    yield from _cases({word}, _graded(word, _WEAK))
    yield from (word + "A", word + "in", word + "en", body + "ejA", body + "eiden", body + "eitA")
    if word.endswith(_T_STEMS):
        yield from _cases({word[:-2] + "te"}, {word[:-2] + "de"})
        yield from (word[:-2] + "ttA", word[:-2] + "teen")
    if not word.endswith(_E_STEMS):
        return
    stem = body + "e"
    yield from _cases({stem}, _graded(stem, _WEAK))
    yield from (stem + "A", stem + "en", word + "A", word + "en")
    if word.endswith(_SHORT_PARTITIVE):
        yield from (body + "tA", body + "ten")
    if word.endswith("lumi"):
        yield body[:-1] + "ntA"


def _after_consonant(word: str) -> Iterator[str]:
    """Lindqvist : Lindqvistin; and the old stems: Kallas : Kallaksen, Taivas : Taivaan, Hannes : Hanneksen."""
    stem = word + "i"
    yield from _cases({stem}, {stem})
    yield from (stem + "A", stem + "in", stem + "en", word + "ejA")
    body, vowel = word[:-1], word[-2]
    if word[-1] == "s" and vowel in _VOWELS:
        stem = body + "kse"
        yield from _cases({stem}, {stem})
        yield from (word + "tA", word + "st", stem + "en", word + "ten", body + "ksiA", body + "ksien")
        if vowel in "aäi":
            for strong in _graded(body, _STRONG) | {body}:
                stem = strong + vowel
                yield from _cases({stem}, {stem})
                yield from (stem + "seen", strong + "itA", strong + "iden")
        if word.endswith(("uus", "yys", "eus", "eys")):
            yield from _cases({body + "te"}, {body + "de"})
            yield from (body + "ttA", body + "teen")
    elif word.endswith("in") and _syllables(word) > 1:
        for strong in _graded(body, _STRONG) | {body}:
            stem = strong + "me"
            yield from _cases({stem}, {stem})
            yield from (word + "tA", stem + "en")
    elif word.endswith(("tar", "tär")):
        stem = body[:-1] + "t" + vowel + "re"
        yield from _cases({stem}, {stem})
        yield from (word + "tA", stem + "en")


def _graded(word: str, grades: dict[str, tuple[str, ...]]) -> set[str]:
    """``word``, which ends in a vowel, in its other grade; and as it is, since many names do not change."""
    body, vowel = word[:-1], word[-1]
    found = {word}
    for size in (2, 1):
        if len(body) > size and body[-size:] in grades and (size == 2 or _alone(body)):
            for other in grades[body[-size:]]:
                found.add(body[:-size] + other + vowel)
            break
    return found


def _alone(body: str) -> bool:
    """Whether a single consonant stands after a vowel; st, sk, tk and foreign clusters do not change."""
    return body[-2] in _VOWELS


def _syllables(word: str) -> int:
    """How many groups of vowels ``word`` has."""
    return sum(
        1 for place, letter in enumerate(word) if letter in _VOWELS and (place == 0 or word[place - 1] not in _VOWELS)
    )
