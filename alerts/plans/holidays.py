"""Days off in Sweden and Finland: public holidays, and the eves on which offices are closed all the same."""

from datetime import date
from functools import cache

from registry.official import Country, Language

_SPOKEN: dict[Country, dict[Language, str]] = {
    "SE": {"sv": "sv", "fi": "sv", "en": "en_US"},  # Swedish holidays have no Finnish names there
    "FI": {"sv": "sv_FI", "fi": "fi", "en": "en_US"},
}


def is_holiday(day: date, country: Country) -> bool:
    """Whether it is one, whatever day of the week. Common Sundays are none; Midsummer Eve and Christmas Eve are."""
    return holiday(day, country, "en") is not None


def holiday(day: date, country: Country, language: Language) -> str | None:
    """What the holiday is called; ``None``: it is none."""
    return _year(day.year, country, language).get(day)


@cache
def _year(year: int, country: Country, language: Language) -> dict[date, str]:
    # Loading it takes a second, which only those pay who ask about holidays.
    from holidays import country_holidays

    if country == "FI":
        return dict(country_holidays("FI", years=year, language=_SPOKEN["FI"][language]))
    # Not by law, but by all agreements: Midsummer Eve, Christmas Eve, New Year's Eve.
    days = country_holidays("SE", years=year, language=_SPOKEN["SE"][language], categories=("public", "de_facto"))
    return dict(days)
