"""A pruned tokenizer cuts as the whole one does, with fewer pieces."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from classify.encoder.inputs import Inputs
from classify.training.vocabulary import prune
from flow.errors import Broken

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
PIECES = [
    "中国",
    "▁Берлин",
    "▁möte",
    "▁",
    "▁query",
    ":",
    "t",
    "et",
    "m",
    "ö",
    "e",
    "а",
    "中",
    "▁BERLIN",
    "▁ses",
    "s",
    "🙂",
]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A tokenizer as the hub's models of this kind have it: a piece is the likelier the earlier it stands."""
    vocabulary = [(piece, -float(place)) for place, piece in enumerate([*SPECIAL, *PIECES])]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    path = tmp_path / "whole.json"
    tokenizer.save(str(path))
    return path


def pieces(path: Path, text: str) -> list[str]:
    (read,) = Inputs.open(path).of_texts([text])
    tokenizer = Tokenizer.from_file(str(path))
    return [tokenizer.id_to_token(int(number)) for number in read.ids]


def test_keeps_what_is_used_and_what_can_still_be_needed(whole: Path, tmp_path: Path) -> None:
    kept = prune(whole, ["mötet", "möte"], tmp_path / "small.json")
    vocabulary = [piece for piece, _ in json.loads((tmp_path / "small.json").read_text("utf-8"))["model"]["vocab"]]
    assert vocabulary == [[*SPECIAL, *PIECES][number] for number in kept]
    assert vocabulary[:4] == SPECIAL
    assert {"▁möte", "t", "▁query"} <= set(vocabulary)  # used
    assert {"m", "ö", "а", "🙂"} <= set(vocabulary)  # single characters
    assert {"▁ses", "et"} <= set(vocabulary)  # common, in small Latin letters
    assert not {"中国", "▁Берлин", "▁BERLIN", "中"} & set(vocabulary)


def test_cuts_as_before(whole: Path, tmp_path: Path) -> None:
    prune(whole, ["mötet"], tmp_path / "small.json")
    for text in ("mötet", "möte ses", "🙂 mötet"):
        assert pieces(tmp_path / "small.json", text) == pieces(whole, text)
    cut = pieces(tmp_path / "small.json", "中国 mötet")
    assert (cut[0], cut[-1]) == ("<s>", "</s>")
    assert "<unk>" in cut


def test_only_a_unigram_model_can_be_pruned(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")).save(str(path))
    with pytest.raises(Broken, match="Unigram"):
        prune(path, [], tmp_path / "small.json")
