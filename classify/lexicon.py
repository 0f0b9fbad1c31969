"""Words that writers disguise (``d0da``, ``h*ra``, ``v i t t u``), so that a disguise can be undone with certainty.

A word list decides nothing about a text: it only says which word a disguised, a bare or a split one stands for. Contains abusive
words.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources

from ingest.matching.forms.words import given_names

_SWEDISH = """
döda dödar dödas dödad dödade död döden dö dör dött dödshot mörda mördar mördas mördad mördare skjut skjuta skjuter
skjutas skjutna skjuten häng hänga hänger hängas hängd hängda bränn bränna bränner brännas brinn brinna brinner våldta
våldtar våldtas våldtagen knulla knullar knullas knullad hora horan horor horunge horungar fitta fittan fittor kuk
kuken kukar kuksugare bög bögar bögjävel bögjävlar bögen flata neger negern negrer negrerna negerjävel blatte blatten
blattar blattejävel svartskalle svartskallar svartskallen jävel jäveln jävlar jävla jävligt jävlarna fan fanders
helvete helvetes satan satans kärring kärringen kärringar subba subban subbor slampa slampan slampor luder idiot
idioten idioter idiotjävel mongo mongon cp cpskadad efterbliven efterblivna äckel äcklet äcklig äckliga svin svinet
svinen gris grisar avskum parasit parasiter råttor ohyra landsförrädare förrädare förrädaren terrorist terrorister
zigenare zigenarjävel jude judar judejävel judejävlar pedofil pedofiler pedo nazist nazister nazi muslimjävel arab
araber apa apor hugga kniv kniven knivhugga kniva stryp strypa slakta slaktas lyncha lynchas spräng spränga sprängs
avrätta avrättas bomb bomba bomben halshugg halshugga hata hatar dig er honom henne ska snart alla
"""
_FINNISH = """
tapa tapan tapat tapetaan tappaa tapettava tapettu tappaisin tappakaa tapamme kuole kuolet kuolee kuolla kuolkaa kuolema
kuollut kuolette murha murhaan murhata murhataan murhaaja ammu ammun ammutaan ampua ampukaa hirtä hirtän hirteen hirttää
hirtetään hirttäkää polta poltan poltetaan polttaa raiskaa raiskaan raiskata raiskataan raiskattava raiskattaisi puukota
puukotan puukotetaan puukko puukkoa luoti luodin niskaan kalloon köysi teurasta teurastetaan lahdata lahdataan
räjäytä räjäytetään hakkaan hakataan huora huoran huoria huorat huoraksi vittu vitun vittua vituttaa perkele perkeleen
saatana saatanan helvetti helvetin jumalauta paska paskan paskaa paskiainen paskiaiset kusipää kusipäät mulkku mulkut
mulkun kyrpä kyrvän pillu pillua runkkari lutka lutkat ämmä ämmät ämmän akka akat homo homot homon hintti hintit hintin
lepakko neekeri neekerit neekerin neekeriä mutakuono mutakuonot ryssä ryssät ryssän matu matut mamu mamut rättipää
rättipäät mustalainen mustalaiset manne mannet juutalainen juutalaiset jutku natsi natsit idiootti idiootit vammanen
vammainen mongoloidi loinen loiset saasta saastaa saastat torakka torakat rotta rotat petturi petturit maanpetturi
maanpetturit pedofiili pedofiilit nai naida nussi nussia panna sika siat äpärä kuolemaa
"""
SWEDISH: frozenset[str] = frozenset(_SWEDISH.split())
FINNISH: frozenset[str] = frozenset(_FINNISH.split())
DISGUISED = SWEDISH | FINNISH

COMMON: tuple[str, ...] = tuple(
    resources.files(__package__).joinpath("common_and_abusive_words.txt").read_text("utf-8").split()
)
"""Words of the corpus, the commonest first (``scripts/make_words.py``)."""
_ALONE = frozenset("iåöoe")
KNOWN: frozenset[str] = DISGUISED.union(COMMON, _ALONE)
OFTEN: frozenset[str] = frozenset(COMMON[:1000])
_EVERYWHERE = frozenset(COMMON[:150])
FOLD = str.maketrans("åäöé", "aaoe")


_GIVEN = frozenset(given_names())


def is_given(word: str) -> bool:
    """Whether ``word``, in small letters, is a common given name, whatever else it is."""
    return word in _GIVEN


_BY_LENGTH: dict[int, tuple[str, ...]] = {
    length: tuple(sorted(word for word in DISGUISED if len(word) == length))
    for length in {len(word) for word in DISGUISED}
}


@lru_cache(maxsize=4096)
def resolve(starred: str) -> str | None:
    """The one word that ``starred``, where each ``*`` hides one letter, can stand for; of several a rude or the commonest one.

    A single letter left standing says too little: ``f***`` stays as it is.
    """
    if len(starred) - starred.count("*") < 2:
        return None
    shape = re.compile("".join("[a-zåäöé]" if char == "*" else re.escape(char) for char in starred))
    found = next((word for word in _BY_LENGTH.get(len(starred), ()) if shape.fullmatch(word)), None)
    return found or (_one_hidden().get(starred) if starred.count("*") == 1 else None)


@cache
def _one_hidden() -> dict[str, str]:
    """The commonest word by each form with one letter in the middle starred out."""
    return {
        f"{word[:place]}*{word[place + 1 :]}": word
        for word in reversed(COMMON)
        for place in range(1, len(word) - 1)
        if len(word) > 2
    }


_FOLDED = {word.translate(FOLD): word for word in (*reversed(COMMON), *sorted(DISGUISED, reverse=True))}


def undisguise(word: str) -> str | None:
    """The disguised word that ``word`` is, also where å, ä and ö lost their marks."""
    return word if word in DISGUISED or (len(word) > 2 and word in KNOWN) else _FOLDED.get(word)


def dotted(word: str, *, surely: bool = False) -> str:
    """``word`` with the marks of å, ä and ö that it lost, where it is no word without them, else as it is.

    ``surely``: only where that gives a word that writers disguise.
    """
    found = word if word in KNOWN else _FOLDED.get(word, word)
    return word if surely and found not in DISGUISED else found


def joins(left: str, right: str, *, hyphen: bool = False) -> bool:
    """Whether two words in a row are one that was split: it is known, and they are not.

    A hyphen splits a word that writers disguise whatever its parts are.
    """
    whole = left + right
    if len(whole) < 4 or whole not in KNOWN:
        return False
    if left in KNOWN and right in KNOWN:
        return hyphen and whole in DISGUISED
    if left not in KNOWN and right not in KNOWN:
        return True
    return (whole in DISGUISED or len(whole) > 5) and left not in _EVERYWHERE and right not in _EVERYWHERE


_CLEAR, _SMALL = (
    tuple(frozenset(words.split()) for words in languages)
    for languages in (
        (
            "jag dig mig oss henne honom inte skall kommer borde måste hoppas",
            "minä sinä sinut sinua sinun sinulle teidät teitä teidän teille heidät heitä heidän hänet häntä ette pitäisi",
        ),
        (
            "du vi ni är ska och att var han hon dom ditt din vet vill kan så",
            "mä sä me te he on ei et että pitää olet hän kuin jos niin kun missä",
        ),
    )
)
"""Pronouns and the like, Swedish and Finnish: those that hardly any compound has, and those that are part of some."""
_MILD = frozenset(["snart", "alla"]).union(*_CLEAR, *_SMALL)
"""Words that writers disguise, or may, and that are not abusive by themselves."""
_TWO_LETTERS = """
du vi ni är er en ej om på ut nu så ja va mä sä te he me ei et on se jo
"""
_OF_TWO = frozenset(_TWO_LETTERS.split())
_LONGEST_WORD, _LONGEST_RUN = 20, 100


def pronouns(words: Sequence[str]) -> int:
    """How much the pronouns in ``words`` say that these are a sentence: two for each that hardly any compound has, else one."""
    return max(
        sum(2 * (word in clear) + (word in small) for word in words)
        for clear, small in zip(_CLEAR, _SMALL, strict=True)
    )


def is_sentence(words: Sequence[str]) -> bool:
    """Whether ``words``, which were found in a row of letters, are a sentence and no compound."""
    if len(words) < 2:
        return False
    abusive = any(word in DISGUISED and word not in _MILD and len(word) > 2 for word in words)
    return pronouns(words) >= (4 if not abusive else 3 if len(words) > 2 else 2)


@lru_cache(maxsize=16384)
def run_together(letters: str) -> tuple[str, ...]:
    """The words of the sentence that ``letters`` are without the blanks between them; none where they are a word or may be one.

    Of the 800,000 words of seven letters and more in our corpus and the open ones five are read so, and all are sentences.
    """
    if not 7 <= len(letters) <= _LONGEST_RUN or letters in KNOWN:
        return ()
    for clear, small in zip(_CLEAR, _SMALL, strict=True):
        # How best to cut what comes before each place: few words, then many pronouns, as (words, less than pronouns, row).
        ways: list[tuple[int, int, tuple[str, ...]] | None] = [(0, 0, ()), *(None for _ in letters)]
        for start in range(len(letters)):
            way = ways[start]
            if way is None:
                continue
            for end in range(start + 2, min(start + _LONGEST_WORD, len(letters)) + 1):
                word = letters[start:end]
                if word in KNOWN and (end > start + 2 or word in _OF_TWO):
                    longer = (way[0] + 1, way[1] - 2 * (word in clear) - (word in small), (*way[2], word))
                    known = ways[end]
                    if known is None or longer[:2] < known[:2]:
                        ways[end] = longer
        last = ways[-1]
        if last is None:
            return ()
        if is_sentence(last[2]):
            return last[2]
    return ()


_FORWARDS = sorted(KNOWN)
_BACKWARDS = sorted(word[::-1] for word in KNOWN)


def is_part(word: str) -> bool:
    """Whether ``word`` is none, but some word begins or ends with it."""
    return len(word) < 16 and word not in KNOWN and (_begins(word, _FORWARDS) or _begins(word[::-1], _BACKWARDS))


def _begins(part: str, words: list[str]) -> bool:
    place = bisect_left(words, part)
    return place < len(words) and words[place].startswith(part)
