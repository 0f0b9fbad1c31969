"""Which officials a post mentions, where, and what makes it certain.

Two steps. A batch's texts are folded and searched at once by an Aho-Corasick automaton for the beginnings of surnames,
other forms and accounts; that is all that most posts cost. Only a post with a hit is read word by word, by the rules in
`ingest.matching.signs`. docs/matching.md tells them in full.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ingest.matching import accounts
from ingest.matching.forms import ENDINGS, name_forms
from ingest.matching.forms.words import ordinary
from ingest.matching.lexicon import split
from ingest.matching.names import Names, family_parts
from ingest.matching.places import SIGNS, Places
from ingest.matching.reading import Address, Reading, addresses
from ingest.matching.search import Hit, Search
from ingest.matching.vocabulary import nicknames
from ingest.post import Mention, Post, Sign
from registry.official import Official

MOST_READ = 200_000
"""Code points of a text that are searched; what is longer is no post but a file."""

SITE = "web"
"""The platform under which the registry holds an official's own sites."""

_Span = tuple[int, int, int, Sign]
_RANK = {sign: rank for rank, sign in enumerate(SIGNS)}


class Matcher:
    """Finds mentions of ``officials``. Building it takes about 0.1 ms an official; only `refresh` changes it."""

    def __init__(self, officials: Iterable[Official]) -> None:
        self._names = Names(officials)
        self._search = Search(self._names)

    def refresh(self, officials: Iterable[Official]) -> bool:
        """Take consents from ``officials`` at once, building nothing; who is not among them is no longer matched.

        Returns:
            Whether all of ``officials`` are matched now. If not, somebody is new or has other names: build a new matcher.
        """
        current = {official.id: official for official in officials}
        held = self._names.officials
        for owner, official in enumerate(held):
            now = current.get(official.id) if official is not None else None
            held[owner] = now if now and official and _described(now) == _described(official) else None
        return sum(official is not None for official in held) == len(current)

    def match(self, posts: Sequence[Post], *, at: datetime) -> list[tuple[Mention, ...]]:
        """The mentions in each of ``posts``, sorted by start.

        An official is mentioned only where a consent of hers covers the post's source at the moment ``at``, and never by
        herself: from her account, or signed with her name on her own site. A deletion mentions nobody.
        """
        hits = self._search.hits([post.text[:MOST_READ] for post in posts])
        found: list[tuple[Mention, ...]] = []
        for index, post in enumerate(posts):
            hit = hits.get(index)
            thread = self._thread(post) if post.reply_to or post.quote_of or post.accounts else {}
            found.append(self._mentions(post, hit, thread, at) if (thread or hit) and not post.deleted_at else ())
        return found

    def _thread(self, post: Post) -> dict[int, Sign]:
        """The officials whom the post answers, quotes, or names in the platform's own markup."""
        found: dict[int, Sign] = {}
        host = accounts.host_of(post.url)
        links: tuple[tuple[Sign, tuple[str, ...]], ...] = (
            ("reply", post.reply_to),
            ("quote", post.quote_of),
            ("handle", post.accounts),
        )
        for sign, values in links:
            for value in values:
                for owner in self._owners(accounts.named_keys(value, source=post.source, host=host)):
                    found.setdefault(owner, sign)
        return found

    def _owners(self, keys: Iterable[str]) -> set[int]:
        held = self._names.accounts
        return {owner for key in keys if key in held for owner in held[key]}

    def _authors(self, post: Post) -> set[int]:
        host = accounts.host_of(post.url)
        keys: list[str] = []
        for value in (post.author.id, post.author.handle):
            if value:
                keys += accounts.named_keys(value, source=post.source, host=host)
        return self._owners(keys)

    def _mentions(self, post: Post, hit: Hit | None, thread: dict[int, Sign], at: datetime) -> tuple[Mention, ...]:
        spans = self._spans(post, hit, thread) if hit else []
        if thread:
            addressed = {owner for _, _, owner, sign in spans if sign in ("handle", "link")}
            known = ((owner, sign) for owner, sign in thread.items() if sign != "handle" or owner not in addressed)
            spans += [(0, 0, owner, sign) for owner, sign in known]
        if not spans:
            return ()
        if len(spans) > 1:
            spans.sort(key=_order)
        authors = self._authors(post)
        mentions: list[Mention] = []
        taken: dict[int, int] = {}
        for start, end, owner, sign in spans:
            official = self._names.officials[owner]
            if official is None or owner in authors or not official.consents_to(post.source, at):
                continue
            if _is_on_her_site(post, official):
                continue
            if start >= taken.get(owner, 0):
                taken[owner] = end
                mentions.append(Mention(official.id, start, end, sign))
        return tuple(mentions)

    def _spans(self, post: Post, hit: Hit, thread: dict[int, Sign]) -> list[_Span]:
        reading = Reading(post.text[:MOST_READ], hit)
        found = addresses(reading.text)
        spans = list(self._addressed(reading, found, post)) if found else []
        present = {owner for _, _, owner, _ in spans} if spans else ()
        for candidate in Places(self._names, reading, present=present, thread=thread).candidates():
            start, end = reading.starts[candidate.first], _end(reading, candidate.last)
            spans.append((start, end, candidate.owner, min(candidate.signs, key=_RANK.__getitem__)))
        return spans

    def _addressed(self, reading: Reading, found: list[Address], post: Post) -> Iterator[_Span]:
        """Accounts of officials among the addresses ``found``. Marks their words, so that no name is seen in them."""
        host = accounts.host_of(post.url)
        for address in found:
            owners = self._owners(_keys(address, source=post.source, host=host))
            if address.kind == "domain" and not owners:
                continue  # rather a full stop without the space after it
            _mark(reading, address, known=bool(owners))
            sign: Sign = "link" if address.kind in ("url", "did") else "handle"
            for owner in sorted(owners):
                yield address.start, address.end, owner, sign


def _is_on_her_site(post: Post, official: Official) -> bool:
    """Whether an entry of a feed is signed with her name and is a page of a site that is registered as hers.

    Anybody can sign with her name, and anybody can comment on her site, by the name that they choose: none of this may silence a
    threat. A comment is a place in a page: its link has a fragment.
    """
    sites = official.handles.get(SITE, ())
    if post.source != "feed" or not sites or not post.url or "#" in post.url or not post.author.name:
        return False
    signed = {f"{given} {' '.join(official.family_names)}" for given in official.given_names[:1]}
    signed.add(" ".join((*official.given_names, *official.family_names)))
    name = " ".join(post.author.name.split()).casefold()
    return name in map(str.casefold, signed) and any(accounts.within(post.url, site) for site in sites)


def _order(span: _Span) -> tuple[int, bool, int, int, int]:
    """By start; what is not in the text first, then the longer and the surer one."""
    start, end, owner, sign = span
    return start, end > 0, -end, _RANK.get(sign, 0), owner


def forms_of(official: Official) -> list[str]:
    """Everything that by itself counts as a mention of ``official``, in alphabetical order: a preview for her."""
    found: set[str] = set()
    written = " ".join(official.family_names)
    for leads, last in family_parts(official):
        for form in name_forms(last):
            surname = _like(written, " ".join((*leads, form)))
            found |= {f"{given} {surname}" for given in (*official.given_names[:1], *nicknames(official))}
            found |= {f"#{given}{surname}".replace("-", "").replace(" ", "") for given in official.given_names[:1]}
    for other in official.forms:
        *before, last = split(other) or ("",)
        if before or last not in ordinary():
            found |= {_like(other, " ".join((*before, form))) for form in name_forms(last)}
    for platform, values in official.handles.items():
        for value in values if platform != SITE else ():
            found.add(value if "/" in value or value.startswith("did:") else "@" + value.removeprefix("@"))
    return sorted(found - {"", "@"})


def _like(written: str, form: str) -> str:
    """``form`` with the capitals and hyphens of ``written``, as far as their letters agree."""
    letters = list(form)
    for place, (one, other) in enumerate(zip(written, form, strict=False)):
        if one.lower() == other or (other == " " and not one.isalnum()):
            letters[place] = one
        else:
            break
    return "".join(letters)


def _described(official: Official) -> tuple[object, ...]:
    """All of an official that a matcher is built from."""
    return (
        official.given_names,
        official.family_names,
        official.forms,
        official.role,
        official.party,
        official.municipality,
        official.handles,
    )


def _keys(address: Address, *, source: str, host: str | None) -> list[str]:
    if address.kind in ("url", "did", "mail"):
        return accounts.named_keys(address.value, source=source, host=None)
    if address.kind == "domain":
        return [address.value.lower()]
    name = address.value.lower().removeprefix("@")
    keys = accounts.named_keys(name, source=source, host=host)
    return keys if "@" in name else [*keys, f"bare:{name}"]


def _mark(reading: Reading, address: Address, *, known: bool) -> None:
    """Mark the words of an address. In the path of an unknown page a whole name still counts: it tells what the page is about."""
    path = address.start + address.value.find("/", address.value.find("//") + 2)
    page = address.kind == "url" and not known and accounts.platform_of(address.value) is None and path > address.start
    middle = path + 1 if page else address.end
    reading.mark(address.start, middle, "account")
    reading.mark(middle, address.end, "path")


def _end(reading: Reading, last: int) -> int:
    """The end of a name, with an ending after an apostrophe or a colon: Bordeaux'n, Ek:s."""
    ending = (
        last + 1 < len(reading) and reading.gaps[last + 1] in ("'", "’", ":") and reading.words[last + 1] in ENDINGS
    )
    return reading.ends[last + 1 if ending else last]
