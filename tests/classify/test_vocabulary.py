"""A pruned tokenizer cuts as before what it was pruned for, and everything else into smaller pieces."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Encoding, Tokenizer

from classify.training.vocabulary import prune
from flow.errors import Broken
from tests.classify.material import HERE

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
USED = ["▁query:", "▁tack", "▁!!", "▁"]
UNUSED = ["▁никак", "▁TACK"]
LETTERS = ["т", "а", "к", "н", "и"]
SMALL = ["▁bron"]
MASK = "<mask>"
TEXTS = ["Tack !!"]


def base(folder: Path, *, added: bool) -> Path:
    """A tokenizer in the form of the hub's, with pieces that nothing uses between the others."""
    pieces = [*SPECIAL, *UNUSED[:1], *USED, *UNUSED[1:], *LETTERS, *SMALL, MASK]
    flags = {"single_word": False, "lstrip": True, "rstrip": False, "normalized": False, "special": True}
    listed = [*SPECIAL, MASK] if added else []
    form: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": pieces.index(piece), "content": piece, **flags} for piece in listed],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                piece: {"id": piece, "ids": [SPECIAL.index(piece)], "tokens": [piece]} for piece in ("<s>", "</s>")
            },
        },
        "decoder": None,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [[piece, -1.0] for piece in pieces], "byte_fallback": False},
    }
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(form), encoding="utf-8")
    return path


def cut(tokenizer: Tokenizer, *words: str) -> Encoding:
    return tokenizer.encode(["query:", *words], is_pretokenized=True)


@pytest.mark.parametrize("added", [True, False])
def test_a_pruned_tokenizer_cuts_as_before(tmp_path: Path, added: bool) -> None:
    source, to = base(tmp_path, added=added), tmp_path / "pruned.json"
    kept = prune(source, TEXTS, to)
    whole, pruned = Tokenizer.from_file(str(source)), Tokenizer.from_file(str(to))
    assert [whole.id_to_token(old) for old in kept] == [pruned.id_to_token(new) for new in range(len(kept))]
    left = {*SPECIAL, *USED, *LETTERS, *SMALL} | ({MASK} if added else set())
    assert set(pruned.get_vocab()) == left
    was, now = cut(whole, "tack", "!!"), cut(pruned, "tack", "!!")
    assert now.tokens == was.tokens == ["<s>", "▁query:", "▁tack", "▁!!", "</s>"]
    assert [kept[new] for new in now.ids] == was.ids


def test_a_word_whose_piece_is_gone_is_cut_into_letters(tmp_path: Path) -> None:
    source, to = base(tmp_path, added=True), tmp_path / "pruned.json"
    prune(source, TEXTS, to)
    assert cut(Tokenizer.from_file(str(source)), "никак").tokens[2:-1] == ["▁никак"]
    assert cut(Tokenizer.from_file(str(to)), "никак").tokens[2:-1] == ["▁", *"никак"]


def test_another_kind_of_vocabulary(tmp_path: Path) -> None:
    words = HERE / "tiny_encoder" / "tokenizer.json"
    with pytest.raises(Broken, match=r"tokenizer.json: .*Unigram.*--base"):
        prune(words, TEXTS, tmp_path / "pruned.json")
    assert not (tmp_path / "pruned.json").exists()
