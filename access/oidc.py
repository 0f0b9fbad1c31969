"""Signing in where the organisation's people sign in: OpenID Connect, with the code flow and PKCE.

The provider proves who somebody is, and nothing else: only people who were invited come in, and what they may do stands here.
Whoever came once is known by what the provider calls her (issuer and subject) from then on: an address that is given to
somebody else later opens nothing.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import func, insert, select

from access.oidc_provider import Provider
from access.people import People
from access.person import Person
from access.sessions import Sessions, session_of
from access.signing_in import SignedIn
from access.tables import IDENTITY
from access.tickets import Tickets
from flow.clock import Clock
from flow.database import Database
from flow.errors import BadInput

RefusedThere = Literal["expired", "denied", "wrong", "weak", "unknown"]
"""Why nobody comes in: it was begun too long ago or elsewhere, she broke off there, what was sent is not good, she signed in
there without what is required, or nobody has invited her."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What the provider must say of a person.

    Attributes:
        email_claim: in which claim her address is.
        verified: it must also say that the address is hers (``email_verified``).
        acr: how she signed in there must be one of these; empty: anyhow.
        amr: all these must have been used, such as ``mfa``.
    """

    email_claim: str = "email"
    verified: bool = True
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what it must bring back in a cookie: that is how another one's answer is told apart."""

    url: str = field(repr=False)
    ticket: str = field(repr=False)


class Oidc:
    """Signs people in by what ``provider`` says of them."""

    def __init__(
        self,
        database: Database,
        provider: Provider,
        *,
        demands: Demands,
        people: People,
        sessions: Sessions,
        tickets: Tickets,
        clock: Clock,
    ) -> None:
        self._database = database
        self._provider = provider
        self._demands = demands
        self._people = people
        self._sessions = sessions
        self._tickets = tickets
        self._clock = clock

    def begin(self) -> Begun:
        """The first step.

        Raises:
            Unavailable: the provider does not answer.
            Broken: it is not what the settings say.
        """
        client = self._provider.client
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {"acr_values": " ".join(self._demands.acr)} if self._demands.acr else {}
        url = prepare_grant_uri(
            self._provider.address(),
            client.id,
            "code",
            redirect_uri=client.redirect,
            scope="openid email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **asked,
        )
        kept = json.dumps({"state": state, "nonce": nonce, "verifier": verifier}).encode()
        return Begun(url, self._tickets.issue("oidc", value=kept))

    def finish(self, ticket: str, answer: Mapping[str, str], *, device: str) -> SignedIn | RefusedThere:
        """The second step: the provider has sent the browser back.

        Args:
            ticket: from the browser's cookie; it is good once.
            answer: what the address that it came back to says after the question mark.
            device: what she may know the session again by.

        Raises:
            Unavailable: the provider does not answer.
            Broken: it is not what the settings say.
        """
        found = self._tickets.take(ticket, "oidc")
        if found is None:
            return "expired"
        kept: dict[str, str] = json.loads(found.value)
        if not hmac.compare_digest(kept["state"].encode(), answer.get("state", "").encode()):
            return "wrong"
        issuer = self._provider.client.issuer
        if answer.get("iss", "" if self._provider.names_itself() else issuer) != issuer:
            return "wrong"  # another provider's answer, mixed up with ours
        if "error" in answer or not answer.get("code"):
            return "denied"
        try:
            claims = self._provider.claims(answer["code"], verifier=kept["verifier"], nonce=kept["nonce"])
        except BadInput:
            return "wrong"
        if not self._is_strong(claims):
            return "weak"
        person = self._person(claims)
        if person is None or not person.active:
            return "unknown"
        cookie = self._sessions.open(person, client=device, method="oidc")
        return SignedIn(cookie, person, session_of(cookie), "oidc")

    def _is_strong(self, claims: Mapping[str, Any]) -> bool:
        used = claims.get("amr") or []
        has_class = not self._demands.acr or claims.get("acr") in self._demands.acr
        return has_class and all(each in used for each in self._demands.amr)

    def _person(self, claims: Mapping[str, Any]) -> Person | None:
        """Who has come before as this subject or, if nobody has, who was invited under the address."""
        digest = hashlib.sha256(json.dumps([claims["iss"], claims["sub"]]).encode()).digest()
        with self._database.transaction():
            self._database.lock("people")
            known = self._database.query(select(IDENTITY.c.person).where(IDENTITY.c.digest == digest))
            if known:
                return self._people.get(known[0][0])
            person = self._invited(claims)
            if person is None:
                return None
            others = select(func.count()).select_from(IDENTITY).where(IDENTITY.c.person == person.id)
            if self._database.query(others)[0][0]:
                return None  # the address is somebody else's now
            row = {"digest": digest, "person": person.id, "at": self._clock.now().timestamp()}
            self._database.execute(insert(IDENTITY), row)
            self._tickets.drop(person.id, "join", "reset")  # she needs none of the links that are still on their way
            return person

    def _invited(self, claims: Mapping[str, Any]) -> Person | None:
        email = claims.get(self._demands.email_claim)
        if not isinstance(email, str) or (self._demands.verified and claims.get("email_verified") is not True):
            return None
        return self._people.by_email(email)
