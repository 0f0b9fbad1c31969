"""How Swedish inflects a name or a title.

Source of the rules: Svenska språknämnden, "Svenska skrivregler": a name takes ``-s`` in the genitive and nothing after
s, x and z; an apostrophe there (``Hedenäs'``) is old but seen. Endings after a colon (``EU:s``) are read by the matcher.
"""

_DEFINITE = ("n", "en", "et", "t", "na", "erna", "er", "ar", "arna", "or", "orna", "ne")


def genitives(word: str) -> set[str]:
    """``word`` (small letters) and its genitive."""
    return {word} if word.endswith(("s", "x", "z")) else {word, word + "s"}


def title_forms(word: str) -> set[str]:
    """``word``, a title, in every number and species with its genitive: kommunalråd, kommunalrådets ...

    The ending is not chosen by gender: forms that nobody writes find nothing.
    """
    forms = genitives(word)
    for ending in _DEFINITE:
        forms |= genitives(word + ending)
    if word.endswith("e"):  # ordförande: ordförandena; minister has no e to lose
        forms |= genitives(word[:-1] + "ar") | genitives(word[:-1] + "arna")
    return forms
