"""The model sees no names, handles, links and numbers, and quoted words as quoted."""

from classify.masking import NAME, mask
from classify.normalise import normalise


def masked(text: str) -> str:
    return mask(text, normalise(text))


def test_masks_names_in_a_sentence_and_their_places() -> None:
    assert masked("det var Storgrann som sa") == f"det var {NAME * 9} som sa"
    assert masked("Storgrann sa det") == "storgrann sa det"
    assert masked("🔪 till Storgrann") == f" emojiknife  till {NAME * 9}"


def test_a_shouting_text_has_no_names() -> None:
    assert masked("a DET VAR STORGRANN SOM SA DET") == "a det var storgrann som sa det"


def test_masks_handles_links_and_digits() -> None:
    assert masked("@anna@x.se se https://x.se/1 kl 18") == f"{NAME * 10} se {NAME * 14} kl 00"
    assert masked("skriv till a.b@c.se") == f"skriv till {NAME * 8}"


def test_quoted_words_stand_apart() -> None:
    assert masked('hon sa "kom hit" igen') == 'hon sa "KOM HIT" igen'
    assert masked("fick ’straße nu då’ i dag") == "fick ’straße nu då’ i dag"
