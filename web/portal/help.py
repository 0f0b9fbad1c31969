"""Where an official finds help, by country. Numbers and addresses are those of the authorities and organisations themselves."""

from dataclasses import dataclass

from registry.official import Country, Language


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody who helps. ``key`` names its texts ``me.help.KEY``; ``phone`` is as people dial it, or empty."""

    key: str
    phone: str
    address: dict[Language, str]

    @property
    def dialled(self) -> str:
        """The number without spaces."""
        return self.phone.replace(" ", "")


def _same(address: str) -> dict[Language, str]:
    return {"sv": address, "fi": address, "en": address}


PLACES: dict[Country, tuple[Place, ...]] = {
    "SE": (
        Place("police_se", "114 14", {**_same("https://polisen.se/"), "en": "https://polisen.se/en/"}),
        Place("victims_se", "116 006", _same("https://www.brottsofferjouren.se/")),
        Place("skr", "", _same("https://skr.se/")),
    ),
    "FI": (
        Place(
            "police_fi",
            "",
            {"sv": "https://poliisi.fi/sv/", "fi": "https://poliisi.fi/", "en": "https://poliisi.fi/en/"},
        ),
        Place(
            "victims_fi",
            "116 006",
            {"sv": "https://www.riku.fi/sv/", "fi": "https://www.riku.fi/", "en": "https://www.riku.fi/en/"},
        ),
        Place(
            "kuntaliitto",
            "",
            {
                "sv": "https://www.kommunforbundet.fi/",
                "fi": "https://www.kuntaliitto.fi/",
                "en": "https://www.localfinland.fi/",
            },
        ),
    ),
}
