"""Prune a tokenizer to the pieces that its languages use: most of a small multilingual model is its vocabulary."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from classify.encoder.inputs import PREFIX, words_of
from flow.errors import Broken

_COMMON: Final = 80_000
"""Of the most common pieces, those in small Latin letters stay though no text here uses them: other texts will."""
_SMALL: Final = re.compile("▁?[a-zåäöéü]+")


def prune(source: Path, masked: Iterable[str], to: Path) -> list[int]:
    """Write the tokenizer in ``source`` to ``to`` with the pieces that the ``masked`` texts use.

    Special and added pieces and single characters stay, so that every text can still be cut. A Unigram model (Kudo, 2018) without
    some of its pieces cuts a text that needs them into smaller ones.

    Returns:
        The numbers of the kept pieces in the old vocabulary: row ``i`` of the new embeddings is row ``kept[i]`` of the old.

    Raises:
        Broken: the vocabulary is of another kind than Unigram.
    """
    tokenizer = Tokenizer.from_file(str(source))
    form: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    if form["model"]["type"] != "Unigram":
        raise Broken(
            "the vocabulary is of another kind than Unigram, and cannot be pruned",
            place=str(source),
            remedy="Name another base with --base, such as multilingual-e5-small",
        )
    used = {0, 1, 2, 3}
    for one in tokenizer.encode_batch([[PREFIX, *words_of(text)[0]] for text in masked], is_pretokenized=True):
        used.update(one.ids)
    vocabulary: list[tuple[str, float]] = form["model"]["vocab"]
    used.update(added["id"] for added in form.get("added_tokens") or ())
    used.update(number for number, (piece, _) in enumerate(vocabulary) if _letter(piece))
    used.update(number for number, (piece, _) in enumerate(vocabulary[:_COMMON]) if _SMALL.fullmatch(piece))
    kept = sorted(used)
    place = {old: new for new, old in enumerate(kept)}
    form["model"]["vocab"] = [vocabulary[old] for old in kept]
    form["model"]["unk_id"] = place[form["model"]["unk_id"]]
    for special in form["post_processor"]["special_tokens"].values():
        special["ids"] = [place[old] for old in special["ids"]]
    for added in form.get("added_tokens") or ():
        added["id"] = place[added["id"]]
    to.write_text(json.dumps(form, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return kept


def _letter(piece: str) -> bool:
    """A single character of a script that Swedish, Finnish and their neighbours are written or disguised in, or an emoji."""
    bare = piece.lstrip("▁")
    return len(bare) <= 1 and (not bare or ord(bare) < 0x500 or ord(bare) >= 0x1F000 or 0x2000 <= ord(bare) < 0x2C00)
