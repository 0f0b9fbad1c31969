"""Write `classify/common_and_abusive_words.txt`: the words of the corpus, the commonest first, to know hidden ones by.

Words in fewer than three posts, names, and words that are mostly another one without its dots are left out. A rarer word is
there where it could be taken for another one without its dots.
"""

import re
from collections import Counter
from pathlib import Path

from classify.corpus import read
from classify.lexicon import FOLD
from classify.linear.concepts import CONCEPTS
from classify.masking import NAME, hide

ROOT = Path(__file__).parents[1]
FEWEST = 3
MOSTLY = 20
ALSO = 30
LETTERS = {"abc", "abcd"}  # not what is meant by letters with blanks between them
WORD = re.compile(r"(?<![\w@#\-])(?!\w*(\w)\1\1)[a-zåäöé]{2,20}(?![\w\-])")


def main() -> None:
    """Read ``models/corpus``, write the list."""
    counts: Counter[str] = Counter()
    names: Counter[str] = Counter()
    beside_dots: Counter[str] = Counter()
    for example in read(ROOT / "models" / "corpus"):
        masked = hide(example.text).lower()
        words = {match[0] for match in WORD.finditer(masked)}
        counts.update(words)
        if set("åäö") & set(masked):
            beside_dots.update(words)
        names.update(
            {match[0] for match in WORD.finditer(example.text.lower()) if NAME in masked[slice(*match.span())]}
        )
    dotted: Counter[str] = Counter()
    for word, count in counts.items():
        bare = word.translate(FOLD)
        if bare != word:
            dotted[bare] = max(dotted[bare], count)
    meant = {word for listed in CONCEPTS.values() for word in listed.split() if word.isalpha()}
    common = {
        word
        for word, count in counts.items()
        if count >= FEWEST and names[word] * 2 < count and dotted[word] < MOSTLY * count
    }
    rarer = {
        word
        for word in meant.union(counts)
        if dotted[word] >= FEWEST and (word in meant or dotted[word] <= ALSO * beside_dots[word])
    }
    kept = sorted((-counts[word], word) for word in common.union(rarer) - LETTERS)
    lines, line = [], ""
    for _, word in kept:
        if len(line) + len(word) > 120:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    (ROOT / "classify" / "common_and_abusive_words.txt").write_text("\n".join([*lines, line]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
