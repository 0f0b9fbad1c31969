"""Whether a model still reads what it was trained on: a digest of how texts become what models see."""

import hashlib
from functools import cache
from typing import Final

from classify.lexicon import COMMON, DISGUISED
from classify.masking import mask
from classify.normalise import normalise

_PROBES: Final = (
    'Jag ska d0da dig, "sa" Anna @x 12 ggr! Tapan sinut, vet var du bor?',
    "Sut pitäis AMPUA 🔪 k u o l e",
    "@ordf @x.example Hej!! vi ses ... imorgon??",
    "doda dig, haj pa dig, valkommen hem. Tapan sut, mene pois siita",
    "dö-da tap an, d🔥ö🔥d🔥a, k.u.o.l.e, h*ra, v1ttu, döööda, sååå braaa",
    "ｄöｄａ 𝐝ö𝐝𝐚 dӧdа d\u200bö\u200bd\u200ba d̶ö̶d̶a",
    'Enligt Aftonbladet skrev Berit "jag ska skjuta dig" till ordföranden, se https://exempel.example/a?b=1',
    "Kirjoitin: ”tapan sut” ja 'odota vaan sinä siellä' Pekka Virtaselle 12.3.2026 klo 18.30",
    "HÄNG HONOM I NÄRMASTE TRÄD, Nisse! ÄMMÄ VAIN, hän sanoi.",
    "Nu räcker det Jag Ska hej Anna Berg och döda hej hej hej hej hej 🙂🙂🙂🎉🎉 = = = = slut",
    "#JagSkaDödaDig #Jagskadodadig #annalindqvist @jag @ska @döda *jag *ska *dö se x.example.se/a #val2026",
    "E4:an 070-174 06 12, 3 500 kr, 040 555 12 34, kl 18",
)


@cache
def fingerprint() -> str:
    """Models fit only the masking, the plain form and the word lists that they were trained with."""
    digest = hashlib.sha256(repr((COMMON, sorted(DISGUISED))).encode())
    digest.update("\x00".join(mask(probe, normalise(probe)) for probe in _PROBES).encode())
    return digest.hexdigest()
