"""How fast mentions are found: ``python -m benchmarks.mentions [--json]``.

Invented officials (surnames built from syllables, mixed with common ones) and posts of 25 words, of which 2 % name one.
``cpu_`` figures count this process's time only: the core alone, whoever else uses the machine.
The baseline, in the same run on the same posts, is what one would write first: split each text into words and look each
word up in a dictionary of every inflected form. It finds words only; no signs, no accounts, no consent. It gets 1/25 of the
officials, since all forms of all of them would not fit in the memory that the matcher is allowed.
"""

import argparse
import gc
import json
import random
import re
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.formats.lines import parse_line
from ingest.matching.forms import name_forms
from ingest.matching.forms.words import given_names
from ingest.mentions import Matcher
from ingest.post import Author, Post
from registry.importing import read_officials
from registry.official import Consent, Official

_AT = datetime(2026, 9, 1, tzinfo=UTC)
_DEMO = datetime(2026, 10, 1, tzinfo=UTC)
_EXAMPLES = Path(__file__).parents[1] / "config" / "examples"
_split = str.split
_STARTS = _split(
    "ber lind sand ek sjö hol berg ny öst väst norr läh kos mä ran vir tal kor hei tuo sal pel han kal raj vuo lep"
)
_MIDDLES = _split("al en er in ul ar o a ila ista er ana ola iva ke ta")
_ENDS = _split(
    "qvist ström man gren lund berg sson stedt nen la mäki järvi niemi koski salo lahti kangas sto rinne aho lampi"
)
_COMMON = _split(
    "Andersson Johansson Karlsson Nilsson Berg Lind Virtanen Korhonen Mäkinen Nieminen Laine Mäki Hassan Ali Ahmed"
)
_ROLES = ("kommunalråd", "ledamot", "riksdagsledamot", "kansanedustaja", "kunnanvaltuutettu", "kaupunginjohtaja")
_PARTIES = ("Ekvikspartiet", "Nya Stigen", "Arkiliitto", "Majakkapuolue", "S", "KD", "SDP")
_TALK = _split("""
jag tycker att det är dags nu när alla andra redan har åkt hem från mötet om skolan och bussen som aldrig kommer i tid
vem bestämmer egentligen över pengarna till vården i vår kommun det borde vi få veta innan nästa val kan någon svara
minusta tämä on ihan hyvä asia mutta kuka sen maksaa kun rahat on loppu ja koulu suljetaan ensi vuonna taas kerran
eilen satoi koko päivän ja tänään paistaa aurinko lähdetään kalaan kun jää on sulanut järvestä kevät tulee vihdoin
the weather is fine today and we are going to watch the game with some friends before dinner who else is coming along
Skolan Kommunen Valet Bussen Tågen Kunta Koulu Vaalit Helsinki Stockholm Göteborg Tampere Sverige Suomi Idag Tänään
""")


def officials(count: int, *, seed: int) -> list[Official]:
    """``count`` invented officials."""
    draw = random.Random(seed)
    givens = [name.capitalize() for name in sorted(given_names())]
    places = sorted({_name(draw) for _ in range(600)})
    found = []
    for number in range(count):
        surname = draw.choice(_COMMON) if draw.random() < 0.1 else _name(draw)
        given = draw.choice(givens)
        handle = f"{given}{surname}{number}".lower()
        found.append(
            Official(
                id=f"o{number}",
                given_names=(given,),
                family_names=(surname,),
                forms=(),
                language="sv",
                role=draw.choice(_ROLES),
                party=draw.choice(_PARTIES),
                municipality=draw.choice(places),
                country="SE",
                handles={"bluesky": (f"{handle}.example",), "x": (handle,), "mastodon": (f"@{handle}@social.example",)},
                consents=(Consent(("*",), datetime(2026, 1, 1, tzinfo=UTC)),),
                contacts=(),
            )
        )
    return found


def posts(count: int, known: list[Official], *, seed: int, share: float = 0.02) -> list[Post]:
    """``count`` posts of 25 words; ``share`` of them name one of ``known`` in full, by surname or by handle; 30 % are replies."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        words = draw.choices(_TALK, k=25)
        if draw.random() < share:
            who = draw.choice(known)
            given, surname = who.given_names[0], who.family_names[0]
            words[draw.randrange(25)] = draw.choice(
                [f"{given} {surname}", f"{given} {surname}s", f"{who.role} {surname}", f"@{who.handles['bluesky'][0]}"]
            )
        if draw.random() < 0.3:
            words[-1] += draw.choice([" 😀", " …", " “ja”", " https://news.example/a/b"])
        replying = (f"did:plc:{draw.getrandbits(64):x}",) if draw.random() < 0.3 else ()
        author = Author(id=f"did:plc:{number:x}", handle=f"u{number}.example")
        found.append(Post(f"bluesky:{number}", "bluesky", " ".join(words), _AT, _AT, author=author, reply_to=replying))
    return found


def measure(*, people: int, count: int, batch: int, seed: int) -> dict[str, Any]:
    """The figures: posts/s of matcher and baseline, memory in MB, building and single-post times."""
    known = officials(people, seed=seed)
    stream = posts(count, known, seed=seed + 1)
    gc.collect()
    before = _resident()
    began = time.perf_counter()
    matcher = Matcher(known)
    built = time.perf_counter() - began
    gc.collect()
    held = _resident() - before
    matcher.match(stream[: count // 10], at=_AT)
    rates, cpu_rates, mentioned = [], [], 0
    for _ in range(3):
        began, began_cpu = time.perf_counter(), time.process_time()
        mentioned = 0
        for start in range(0, count, batch):
            mentioned += sum(map(bool, matcher.match(stream[start : start + batch], at=_AT)))
        rates.append(count / (time.perf_counter() - began))
        cpu_rates.append(count / (time.process_time() - began_cpu))
    single = _single(matcher, stream[:20_000])
    with_hit, without = _apart(matcher, stream, batch=batch)
    after = _resident() - before
    few = known[: people // 25]
    baseline = _baseline(few, stream)
    matcher = Matcher(few)
    began = time.perf_counter()
    for start in range(0, count, batch):
        matcher.match(stream[start : start + batch], at=_AT)
    small = count / (time.perf_counter() - began)
    return {
        "officials": people,
        "posts": count,
        "batch": batch,
        "mentioned": mentioned,
        "posts_per_second": round(max(rates)),
        "posts_per_second_each_run": [round(rate) for rate in rates],
        "cpu_posts_per_second": round(max(cpu_rates)),
        "build_seconds": round(built, 2),
        "matcher_mb": round(held, 1),
        "matcher_mb_after_run": round(after, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cpu_us_per_post_with_hit": with_hit,
        "cpu_us_per_post_without": without,
        "demo_cpu_us_per_post_with_hit": _demo(batch=batch),
        "single_post_us": single,
        "baseline": {"officials": len(few), "posts_per_second": round(baseline)},
        "same_officials": {"posts_per_second": round(small), "ratio": round(small / baseline, 2)},
    }


def _single(matcher: Matcher, stream: list[Post]) -> dict[str, float]:
    took = []
    for post in stream:
        began = time.perf_counter()
        matcher.match([post], at=_AT)
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    return {"median": round(took[len(took) // 2], 1), "p99": round(took[len(took) * 99 // 100], 1)}


def _apart(matcher: Matcher, stream: list[Post], *, batch: int) -> tuple[float, float]:
    """Microseconds of processor time for a post that mentions somebody, and for one that does not; each in batches."""
    hits: list[Post] = []
    others: list[Post] = []
    for start in range(0, len(stream), batch):
        some = stream[start : start + batch]
        for post, mentions in zip(some, matcher.match(some, at=_AT), strict=True):
            (hits if mentions else others).append(post)
    return _cpu_us(matcher, hits, batch=batch), _cpu_us(matcher, others, batch=batch)


def _cpu_us(matcher: Matcher, stream: list[Post], *, batch: int) -> float:
    took = []
    for _ in range(5):
        began = time.process_time()
        for start in range(0, len(stream), batch):
            matcher.match(stream[start : start + batch], at=_AT)
        took.append(time.process_time() - began)
    return round(min(took) / len(stream) * 1e6, 1) if stream else 0.0


def _demo(*, batch: int) -> float:
    """The same for the posts of the demonstration and its officials, written as people write."""
    lines = (_EXAMPLES / "demo-posts.jsonl").read_bytes().splitlines()
    stream = [post for line in lines if isinstance(post := parse_line(line, now=_DEMO), Post)]
    return _apart(Matcher(read_officials(_EXAMPLES / "officials.toml")), stream, batch=batch)[0]


def _baseline(known: list[Official], stream: list[Post]) -> float:
    forms: dict[str, list[int]] = {}
    for number, official in enumerate(known):
        for form in name_forms(official.family_names[0]):
            forms.setdefault(form, []).append(number)
    word = re.compile(r"\w+")
    began = time.perf_counter()
    for post in stream:
        [forms[each] for each in word.findall(post.text.lower()) if each in forms]
    return len(stream) / (time.perf_counter() - began)


def _name(draw: random.Random) -> str:
    middle = draw.choice(_MIDDLES) if draw.random() < 0.8 else draw.choice(_MIDDLES) + draw.choice(_MIDDLES)
    return (draw.choice(_STARTS) + middle + draw.choice(_ENDS)).capitalize()


def _resident() -> float:
    """Resident memory of this process in MB, where the system tells it; else its peak."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--officials", type=int, default=50_000)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    figures = measure(people=given.officials, count=given.posts, batch=given.batch, seed=given.seed)
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
