"""Words that writers disguise (``d0da``, ``h*ra``, ``v i t t u``), so that a disguise can be undone with certainty.

A word list decides nothing about a text: it only says which word a disguised one stands for. Contains abusive words.
"""

import re
from functools import lru_cache

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

_BY_LENGTH: dict[int, tuple[str, ...]] = {
    length: tuple(sorted(word for word in DISGUISED if len(word) == length))
    for length in {len(word) for word in DISGUISED}
}


@lru_cache(maxsize=4096)
def resolve(starred: str) -> str | None:
    """The one word that ``starred``, where each ``*`` hides one letter, can stand for; the first of several.

    A single letter left standing says too little: ``f***`` stays as it is.
    """
    if len(starred) - starred.count("*") < 2:
        return None
    shape = re.compile("".join("[a-zåäöé]" if char == "*" else re.escape(char) for char in starred))
    return next((word for word in _BY_LENGTH.get(len(starred), ()) if shape.fullmatch(word)), None)


_FOLD = str.maketrans("åäöé", "aaoe")
_FOLDED = {word.translate(_FOLD): word for word in sorted(DISGUISED, reverse=True)}


def undisguise(word: str) -> str | None:
    """The disguised word that ``word`` is, also where å, ä and ö lost their marks."""
    return word if word in DISGUISED else _FOLDED.get(word)
