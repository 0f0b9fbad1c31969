"""Single sign-on with a real provider on this machine, which is strict, and with what a careless or evil one says."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from access.oidc import Begun, Demands, Oidc, RefusedThere
from access.oidc_provider import Client, Provider
from access.people import People
from access.sessions import Sessions
from access.signing_in import SignedIn
from access.tickets import Tickets
from flow.clock import ManualClock
from flow.database import Database
from flow.errors import Broken, Unavailable
from tests.access.people import person
from tests.access.provider import CLIENT, REDIRECT, SECRET, LocalProvider, rsa

BERIT = person()


@pytest.fixture
def provider(clock: ManualClock) -> Iterator[LocalProvider]:
    local = LocalProvider(clock)
    yield local
    local.stop()


class SignIn:
    """Turvakt with the settings of ``oidc``, and somebody with a browser."""

    def __init__(self, database: Database, clock: ManualClock, provider: LocalProvider) -> None:
        self.database, self.clock, self.local = database, clock, provider
        self.people, self.sessions = People(database), Sessions(database, clock=clock)
        self.client = Client(provider.issuer, CLIENT, SECRET, REDIRECT)
        self.demands = Demands()
        self._providers: list[Provider] = []
        self.people.add(BERIT)

    def oidc(self) -> Oidc:
        provider = Provider(self.client, clock=self.clock)
        self._providers.append(provider)
        tickets = Tickets(self.database, clock=self.clock)
        return Oidc(
            self.database,
            provider,
            demands=self.demands,
            people=self.people,
            sessions=self.sessions,
            tickets=tickets,
            clock=self.clock,
        )

    def close(self) -> None:
        for each in self._providers:
            each.close()

    def result(self, oidc: Oidc | None = None) -> SignedIn | RefusedThere:
        """From the button to the end."""
        oidc = oidc or self.oidc()
        begun = oidc.begin()
        return oidc.finish(begun.ticket, came_back(begun), device="Firefox, Linux")

    def comes_in(self, oidc: Oidc | None = None) -> str:
        """Who has come in."""
        signed_in = self.result(oidc)
        assert isinstance(signed_in, SignedIn), signed_in
        actor = self.sessions.find(signed_in.cookie)
        assert actor is not None
        assert actor.person == signed_in.person
        return actor.person.id


def came_back(begun: Begun) -> dict[str, str]:
    """What a browser is sent back with that goes to ``begun``."""
    answer = httpx.get(begun.url)
    assert answer.status_code == 302
    address, _, query = answer.headers["location"].partition("?")
    assert address == REDIRECT
    return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.fixture
def sign_in(database: Database, clock: ManualClock, provider: LocalProvider) -> Iterator[SignIn]:
    with closing(SignIn(database, clock, provider)) as made:
        yield made


@pytest.fixture
def once(request: pytest.FixtureRequest, clock: ManualClock, provider: LocalProvider) -> Iterator[SignIn]:
    """As ``sign_in``, for what has nothing to do with the database."""
    from tests import databases

    for database in databases.opened("sqlite", request):
        with closing(SignIn(database, clock, provider)) as made:
            yield made


def test_who_was_invited_comes_in(sign_in: SignIn) -> None:
    assert sign_in.comes_in() == BERIT.id
    (session,) = sign_in.sessions.of(BERIT.id)
    assert (session.method, session.client) == ("oidc", "Firefox, Linux")


def test_the_first_time_makes_links_worthless(sign_in: SignIn) -> None:
    tickets = Tickets(sign_in.database, clock=sign_in.clock)
    link, other = tickets.issue("join", person=BERIT.id), tickets.issue("join", person="bo")
    sign_in.comes_in()
    assert tickets.find(link, "join") is None
    assert tickets.find(other, "join")
    asked = tickets.issue("reset", person=BERIT.id)
    sign_in.comes_in()
    assert tickets.find(asked, "reset"), "this one she was given since, and on purpose"


def test_who_was_not_invited_does_not(sign_in: SignIn, provider: LocalProvider) -> None:
    provider.who["email"] = "kalle@ekvik.example"
    assert sign_in.result() == "unknown"
    assert [each.id for each in sign_in.people.all()] == [BERIT.id]


def test_who_is_not_active_does_not(sign_in: SignIn) -> None:
    sign_in.comes_in()
    sign_in.people.put(replace(BERIT, active=False))
    assert sign_in.result() == "unknown"


def test_who_came_once_is_known_whatever_her_address_is(sign_in: SignIn, provider: LocalProvider) -> None:
    sign_in.comes_in()
    provider.who["email"] = "berit.holm-ek@ekvik.example"
    assert sign_in.comes_in() == BERIT.id


def test_an_address_that_was_given_to_somebody_else_opens_nothing(sign_in: SignIn, provider: LocalProvider) -> None:
    sign_in.comes_in()
    provider.who["sub"] = "4711"
    assert sign_in.result() == "unknown"
    provider.who["sub"] = "0815"
    assert sign_in.comes_in() == BERIT.id


def test_who_was_removed_and_invited_anew_begins_anew(sign_in: SignIn, provider: LocalProvider) -> None:
    sign_in.comes_in()
    sign_in.people.remove(BERIT.id)
    assert sign_in.result() == "unknown"
    sign_in.people.add(replace(BERIT, id="berit-2"))
    provider.who["sub"] = "4711"
    assert sign_in.comes_in() == "berit-2"


def test_a_sign_in_is_good_once_and_not_for_ever(sign_in: SignIn, clock: ManualClock) -> None:
    oidc = sign_in.oidc()
    begun = oidc.begin()
    answer = came_back(begun)
    assert isinstance(oidc.finish(begun.ticket, answer, device=""), SignedIn)
    assert oidc.finish(begun.ticket, answer, device="") == "expired"
    begun = oidc.begin()
    answer = came_back(begun)
    clock.advance(601)
    assert oidc.finish(begun.ticket, answer, device="") == "expired"
    assert oidc.finish("", answer, device="") == "expired"


def test_the_answer_to_another_browser_opens_nothing(once: SignIn) -> None:
    """Nobody can be led into the account of whoever made the link."""
    oidc = once.oidc()
    hers, theirs = oidc.begin(), oidc.begin()
    assert oidc.finish(hers.ticket, came_back(theirs), device="") == "wrong"


def test_a_code_that_was_stolen_is_worth_nothing(once: SignIn) -> None:
    """Another's code with one's own state: the challenge does not fit."""
    oidc = once.oidc()
    mine, hers = oidc.begin(), oidc.begin()
    answer = came_back(mine) | {"code": came_back(hers)["code"]}
    assert oidc.finish(mine.ticket, answer, device="") == "wrong"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"error": "access_denied", "code": ""}, "denied"),
        ({"code": ""}, "denied"),
        ({"state": ""}, "wrong"),
        ({"state": "ä"}, "wrong"),
        ({"iss": "https://other.example"}, "wrong"),
        ({"iss": None}, "wrong"),
        ({"code": "made-up"}, "wrong"),
    ],
)
def test_what_the_browser_brings_back_is_looked_at(
    once: SignIn, changed: dict[str, str | None], says: RefusedThere
) -> None:
    oidc = once.oidc()
    begun = oidc.begin()
    answer = {name: value for name, value in (came_back(begun) | changed).items() if value is not None}
    assert oidc.finish(begun.ticket, answer, device="") == says


def test_a_provider_need_not_name_itself_if_it_does_not_promise_to(once: SignIn, provider: LocalProvider) -> None:
    provider.metadata = lambda told: void(told.pop("authorization_response_iss_parameter_supported"))
    provider.back = lambda told: void(told.pop("iss"))
    assert once.comes_in() == BERIT.id


def void(_: object) -> None:
    pass


def claim(**changed: Any) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "claims", lambda told: told.update(changed))


def signed(algorithm: str) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "algorithm", algorithm)


def another_key(provider: LocalProvider) -> None:
    provider.key = rsa("r1", 2)


def unknown_key(provider: LocalProvider) -> None:
    provider.key = rsa("r2")


def answers(**changed: Any) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "answer", lambda told: told.update(changed))


def tampered(provider: LocalProvider) -> None:
    def change(told: dict[str, Any]) -> None:
        head, _, signature = told["id_token"].split(".")
        told["id_token"] = f"{head}.eyJzdWIiOiJldmlsIn0.{signature}"

    provider.answer = change


@pytest.mark.parametrize(
    "spoil",
    [
        claim(iss="https://other.example"),
        claim(iss=None),
        claim(aud="another-client"),
        claim(aud=["another-client"]),
        claim(aud=None),
        claim(aud=[CLIENT, "another-client"]),
        claim(aud=[CLIENT, "another-client"], azp="another-client"),
        claim(azp="another-client"),
        claim(sub=None),
        claim(sub=""),
        claim(sub=7),
        claim(nonce="another"),
        claim(nonce=None),
        claim(exp=None),
        claim(exp=1),
        claim(exp="soon"),
        claim(iat=None),
        claim(iat=9_999_999_999),
        claim(nbf=9_999_999_999),
        claim(at_hash="AAAA"),
        claim(amr="mfa"),
        signed("none"),
        signed("HS256"),
        another_key,
        unknown_key,
        tampered,
        answers(id_token=None),
        answers(id_token="x"),
        answers(id_token="a.b.c"),
        answers(access_token=None),
    ],
)
def test_a_token_that_is_not_good_opens_nothing(
    once: SignIn, provider: LocalProvider, spoil: Callable[[LocalProvider], None]
) -> None:
    oidc = once.oidc()
    assert once.comes_in(oidc) == BERIT.id
    spoil(provider)
    assert once.result(oidc) == "wrong"


@pytest.mark.parametrize("changed", [{"email_verified": None}, {"email_verified": False}, {"email_verified": "true"}])
def test_an_address_that_the_provider_does_not_vouch_for_opens_nothing(
    once: SignIn, provider: LocalProvider, changed: dict[str, Any]
) -> None:
    claim(**changed)(provider)
    assert once.result() == "unknown"
    once.demands = Demands(verified=False)
    assert once.comes_in() == BERIT.id


def test_the_address_may_be_in_another_claim(once: SignIn, provider: LocalProvider) -> None:
    claim(email=["no text"], upn="Berit-Holm@Ekvik.example")(provider)
    assert once.result() == "unknown"
    once.demands = Demands(email_claim="upn")
    assert once.comes_in() == BERIT.id


def test_how_she_signed_in_there_can_be_demanded(once: SignIn, provider: LocalProvider) -> None:
    once.demands = Demands(acr=("loa3", "loa4"), amr=("pwd", "otp"))
    assert once.result() == "weak"
    claim(acr="loa3", amr=["pwd"])(provider)
    assert once.result() == "weak"
    claim(acr="loa2", amr=["pwd", "otp"])(provider)
    assert once.result() == "weak"
    claim(acr="loa4", amr=["otp", "pwd", "user"])(provider)
    assert once.comes_in() == BERIT.id
    assert parse_qs(urlsplit(once.oidc().begin().url).query)["acr_values"] == ["loa3 loa4"]


def test_clocks_may_differ_a_little(once: SignIn, provider: LocalProvider, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    claim(exp=now - 50, iat=now + 50)(provider)
    assert once.comes_in() == BERIT.id
    claim(exp=now - 70)(provider)
    assert once.result() == "wrong"


def test_keys_of_either_kind_are_good(once: SignIn, provider: LocalProvider) -> None:
    provider.key, provider.algorithm = provider.ec, "ES256"
    assert once.comes_in() == BERIT.id


def test_a_new_key_is_fetched_once_a_minute_at_most(once: SignIn, provider: LocalProvider, clock: ManualClock) -> None:
    oidc = once.oidc()
    once.comes_in(oidc)
    provider.key = rsa("r2")
    provider.published = [provider.rsa, provider.key]
    assert once.result(oidc) == "wrong"
    clock.advance(61)
    assert once.comes_in(oidc) == BERIT.id
    assert provider.asked.count("/realm/keys") == 2


def test_what_it_says_of_itself_is_asked_every_hour(once: SignIn, provider: LocalProvider, clock: ManualClock) -> None:
    oidc = once.oidc()
    for seconds, times in ((0, 1), (3599, 1), (1, 2)):
        clock.advance(seconds)
        once.comes_in(oidc)
        assert provider.asked.count("/realm/.well-known/openid-configuration") == times


def test_a_secret_can_be_sent_in_the_form_or_be_none(once: SignIn, provider: LocalProvider) -> None:
    provider.metadata = lambda told: told.update(token_endpoint_auth_methods_supported=["client_secret_post"])
    assert once.comes_in() == BERIT.id
    provider.secret = ""
    once.client = replace(once.client, secret="")
    assert once.comes_in() == BERIT.id


def test_a_wrong_secret_is_told_to_whoever_runs_the_installation(once: SignIn) -> None:
    once.client = replace(once.client, secret="guessed")
    with pytest.raises(Broken, match=r"does not know us\. Check oidc\.client_id and oidc\.client_secret"):
        once.result()


def without(name: str) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "metadata", lambda told: told.pop(name))


def says(**changed: Any) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "metadata", lambda told: told.update(changed))


def published(value: Any) -> Callable[[LocalProvider], None]:
    return lambda provider: setattr(provider, "keys", lambda told: told.update(keys=value))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (says(issuer="http://127.0.0.1/realm"), "calls itself otherwise"),
        (without("issuer"), "names no issuer"),
        (without("token_endpoint"), "names no token_endpoint"),
        (says(token_endpoint="http://other.example/token"), "token_endpoint is no https address"),
        (says(authorization_endpoint="javascript:x"), "authorization_endpoint is no https address"),
        (says(jwks_uri="http://[x"), "jwks_uri is no https address"),
        (says(code_challenge_methods_supported=["plain"]), "cannot do PKCE"),
        (published([]), "keys cannot be read"),
        (published(None), "keys cannot be read"),
        (published([{"kty": "RSA", "n": "?"}]), "keys cannot be read"),
    ],
)
def test_a_provider_that_is_set_up_wrongly_is_told(
    once: SignIn, provider: LocalProvider, spoil: Callable[[LocalProvider], None], told: str
) -> None:
    spoil(provider)
    with pytest.raises(Broken, match=told):
        once.oidc().begin()


ABOUT = "/realm/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "status", "body", "error"),
    [
        (ABOUT, 404, b"", Broken),
        (ABOUT, 302, b"", Broken),
        (ABOUT, 200, b"[]", Broken),
        (ABOUT, 503, b"", Unavailable),
        (ABOUT, 429, b"", Unavailable),
        (ABOUT, 200, b" " * 300_000, Unavailable),
        ("/realm/keys", 500, b"", Unavailable),
        ("/realm/token", 500, b"", Unavailable),
        ("/realm/token", 401, b"<html>", Broken),
    ],
)
def test_a_provider_in_trouble(
    once: SignIn, provider: LocalProvider, path: str, status: int, body: bytes, error: type[Exception]
) -> None:
    provider.broken[path] = (status, body)
    with pytest.raises(error):
        once.result()


def test_a_provider_that_is_away(once: SignIn, provider: LocalProvider) -> None:
    once.client = replace(once.client, issuer="http://127.0.0.1:1/realm")
    with pytest.raises(Unavailable, match="no answer"):
        once.oidc().begin()


def test_a_provider_must_be_guarded_on_the_way(once: SignIn) -> None:
    once.client = replace(once.client, issuer="http://sign-in.ekvik.example")
    with pytest.raises(Broken, match="issuer is no https address"):
        once.oidc()


def test_nothing_that_opens_is_shown_when_printed(once: SignIn) -> None:
    begun = once.oidc().begin()
    assert begun.ticket not in repr(begun)
    assert SECRET not in repr(once.client)
