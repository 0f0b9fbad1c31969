"""ABUSIVE TEXTS, made up for tests: a flood of hatred and threats against an official who does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from classify.verdict import LABELS, Judgement, Label, Score, Severity, Verdict
from ingest.post import Author, Mention, Post

NAME = "Anna Lindqvist"
NAMES = (NAME, "Ankan Lindqvist", "kommunalrådet")
POSTS, THREATS, TEXTS = 10_000, 300, 200
"""How many posts there are, how many of them are threats, and how many texts these have."""

DEEDS = (
    "ska få stryk",
    "slås sönder och samman",
    "kommer att brinna inne",
    "blir skjuten",
    "ska dränkas i ån",
    "körs över som en hund",
    "hängs i lyktstolpen",
    "får en kniv i ryggen",
    "knäcks med ett järnrör",
    "sprängs i luften",
    "huggs ihjäl",
    "stenas till döds",
    "grävs ned levande",
    "piskas blodig",
    "kastas ned från taket",
    "stryps med en rem",
    "förgiftas långsamt",
    "krossas mot en vägg",
    "bränns på bål",
    "sparkas medvetslös",
)
PLACES = (
    "utanför kommunhuset",
    "på torget i Ekvik",
    "vid brofästet",
    "hemma på gården",
    "bakom idrottshallen",
    "i parkeringsgaraget",
    "på väg till tåget",
    "när mötet är slut",
    "framför allas ögon",
    "nere vid småbåtshamnen",
    "under valvaka och tal",
    "på fredag morgon",
    "i mörkret efter jul",
    "i trapphuset",
    "vid skolans grind",
    "inne på apoteket",
    "mellan två bussar",
    "på kyrkbacken",
    "längs elljusspåret",
    "innan snön smälter",
)
WITNESSES = (
    "Zqvist",
    "Öxnegård",
    "Brukfors",
    "Tallhed",
    "Ymerlund",
    "Ljungskog",
    "Fägerby",
    "Höjdmark",
    "Dunkelnäs",
    "Ekzell",
)
ABUSE = (
    "{} är en usel lögnare och borde skämmas ögonen ur sig",
    "Vilken värdelös idiot {} är, hela Ekvik skrattar",
    "{} hatar vanligt folk, äckliga förrädare allihop",
    "Kasta ut {} ur landet med hela packet",
    "Korkade kossan {} kan inte ens räkna till tio",
)


def threats() -> list[str]:
    """``TEXTS`` texts of which none is a near-duplicate of another one."""
    texts = []
    for turn in range(TEXTS // len(DEEDS)):
        for at, deed in enumerate(DEEDS):
            place, witness = PLACES[(at + turn) % len(PLACES)], WITNESSES[(at * 3 + turn) % len(WITNESSES)]
            texts.append(f"{NAMES[turn % len(NAMES)]} {deed} {place} {witness}")
    return texts


@dataclass(frozen=True, slots=True)
class Flood:
    """What comes in: in which order, and which of it are threats, by id, with their texts."""

    verdicts: list[Verdict]
    threats: dict[str, str]


def flood(official: str, at: datetime) -> Flood:
    """``POSTS`` posts about ``official`` within the minute before ``at``: copies, posts of the writer's own, and threats."""
    random = Random(7)
    texts = threats()
    threatening = texts + random.choices(texts, k=THREATS - TEXTS)
    abusive = [_abuse(random) for _ in range(POSTS - THREATS)]
    posts = [(text, True) for text in threatening] + [(text, False) for text in abusive]
    random.shuffle(posts)
    verdicts = [
        judged(number, official, text, at - timedelta(seconds=60 - 60 * number / POSTS), threat=threat)
        for number, (text, threat) in enumerate(posts)
    ]
    return Flood(verdicts, {f"web:{number}": text for number, (text, threat) in enumerate(posts) if threat})


def _abuse(random: Random) -> str:
    copied = random.choice(ABUSE).format(NAME)
    return copied if random.random() < 0.5 else f"{copied} {' '.join(_words(random))}"


def _words(random: Random) -> Iterator[str]:
    for _ in range(12):
        yield "".join(random.choices("abdefgiklmnoprstuvä", k=random.randint(3, 8)))


def judged(number: int, official: str, text: str, at: datetime, *, threat: bool) -> Verdict:
    """A post, by one of 900 accounts, as the classifier would have judged it."""
    severity: Severity = "high" if threat else "medium"
    flagged: Label = "threat" if threat else "harassment"
    scores = {label: Score(0.9 if label == flagged else 0.1, label == flagged) for label in LABELS}
    author = Author(f"{number % 900}", f"konto{number % 900}.example", "")
    mention = Mention(official, 0, 1, "full-name")
    post = Post(f"web:{number}", "web", text, at, at, author=author, mentions=(mention,))
    return Verdict(post, Judgement("sv", None, severity, scores, (), "made-up@1"), at)
