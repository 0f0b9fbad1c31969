"""The organisation's own sign-in, as OpenID Connect describes it: what it says of itself and of people, and its keys."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from flow.clock import Clock
from flow.errors import BadInput, Broken, Unavailable
from flow.hosts import is_guarded, is_loopback

PLACE = "oidc"
_ALGORITHMS = tuple(f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512))
"""Signatures that only the provider can make: neither none, nor one by the secret that we share."""
_SKEW = 60
"""Seconds that the provider's clock may differ."""
_SECONDS = 10.0
_LONGEST = 256 * 1024
_KEPT = timedelta(hours=1)
_KEYS_AGAIN = timedelta(minutes=1)
_NAMED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows us by.

    Attributes:
        issuer: the provider's address, exactly as it names itself.
        secret: empty: the provider asks for none.
        redirect: our address that it sends people back to.
    """

    issuer: str
    id: str
    secret: str = field(repr=False)
    redirect: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself, and since when we know."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: datetime


class Provider:
    """The provider of ``client``; it is asked when something of it is first needed, and every hour.

    Raises, everywhere:
        Unavailable: it does not answer, or has trouble.
        Broken: it is not what the settings say.

    Args:
        clock: tells whether a token is still good.
    """

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._guarded(client.issuer, "issuer")
        # What goes to this machine must not take the way over a proxy.
        outside = not is_loopback(urlsplit(client.issuer).hostname or "")
        self._http = httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=outside)
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def address(self) -> str:
        """Where people sign in."""
        return str(self._now_known().metadata["authorization_endpoint"])

    def names_itself(self) -> bool:
        """Whether it promises to say with each answer who it is (RFC 9207)."""
        return self._now_known().metadata.get("authorization_response_iss_parameter_supported") is True

    def claims(self, code: str, *, verifier: str, nonce: str) -> dict[str, Any]:
        """What it says of the person who was sent back with ``code``.

        Args:
            verifier: of the challenge that it was sent with her (RFC 7636).
            nonce: that it was sent with her, and must have put into its token.

        Raises:
            BadInput: it does not know the code, or its token is not good; says which of its claims is wrong.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect,
            "code_verifier": verifier,
        }
        answer = self._exchange(form)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str):
            raise BadInput("the answer holds no token", place=PLACE)
        return self._verified(token, access=access, nonce=nonce)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        client, metadata = self.client, self._now_known().metadata
        basic = None
        if not client.secret:
            form["client_id"] = client.id
        elif "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            basic = httpx.BasicAuth(quote(client.id, safe=""), quote(client.secret, safe=""))
        else:
            form |= {"client_id": client.id, "client_secret": client.secret}
        status, answer = self._ask("POST", metadata["token_endpoint"], data=form, auth=basic)
        if status == 200:
            return answer
        if status == 401 or answer.get("error") in ("invalid_client", "unauthorized_client"):
            remedy = "Check oidc.client_id and oidc.client_secret, and that oidc.issuer is the right one"
            raise Broken("the provider does not know us", place=PLACE, remedy=remedy)
        raise BadInput("the provider did not take the code", place=PLACE)

    def _verified(self, token: str, *, access: str, nonce: str) -> dict[str, Any]:
        try:
            try:
                signed = jwt.decode(token, self._now_known().keys, algorithms=self._algorithms())
            except InvalidKeyIdError:  # it may have a new one
                signed = jwt.decode(token, self._now_known(again=_KEYS_AGAIN).keys, algorithms=self._algorithms())
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options={
                    "iss": {"essential": True, "value": self.client.issuer},
                    "aud": {"essential": True, "value": self.client.id},
                    "sub": {"essential": True},
                },
                params={"nonce": nonce, "client_id": self.client.id, "access_token": access},
            )
            claims.validate(now=int(self._clock.now().timestamp()), leeway=_SKEW)
        except (JoseError, ValueError, TypeError) as error:
            # Its text may quote the token.
            wrong = getattr(error, "claim", "") or getattr(error, "error", "") or type(error).__name__
            raise BadInput(f"the token is not good ({wrong})", place=PLACE) from None
        return dict(claims)

    def _algorithms(self) -> list[str]:
        offered = self._now_known().metadata.get("id_token_signing_alg_values_supported", _ALGORITHMS)
        return [each for each in _ALGORITHMS if each in offered]

    def _now_known(self, *, again: timedelta = _KEPT) -> _Known:
        with self._lock:
            if self._known is None or self._clock.now() - self._known.at >= again:
                self._known = self._learn()
            return self._known

    def _learn(self) -> _Known:
        metadata = self._get(f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
        for name in _NAMED:
            if not isinstance(metadata.get(name), str):
                raise Broken(f"the provider names no {name}", place=PLACE, remedy="Is oidc.issuer its address?")
        if metadata["issuer"] != self.client.issuer:
            remedy = "Write oidc.issuer exactly as the provider names itself, down to the last slash"
            raise Broken("the provider calls itself otherwise", place=PLACE, remedy=remedy)
        for name in _NAMED[1:]:
            self._guarded(metadata[name], name)
        if "S256" not in metadata.get("code_challenge_methods_supported", ["S256"]):
            raise Broken("the provider cannot do PKCE with S256", place=PLACE, remedy="Switch it on there")
        try:
            keys = KeySet.import_key_set(self._get(metadata["jwks_uri"]))  # type: ignore[arg-type]  # it looks itself
        except (JoseError, KeyError, TypeError, ValueError):
            raise Broken("the provider's keys cannot be read", place=PLACE, remedy="See its documentation") from None
        return _Known(metadata, keys, self._clock.now())

    def _guarded(self, url: str, name: str) -> None:
        """Nobody on the way may change what is read there; http is for a provider on this machine only."""
        try:
            httpx.URL(url)
            fits = is_guarded(url)
        except httpx.InvalidURL:
            fits = False
        if not fits:
            raise Broken(f"{name} is no https address", place=PLACE, remedy="Give one; http is for this machine only")

    def _get(self, url: str) -> dict[str, Any]:
        status, answer = self._ask("GET", url)
        if status != 200:
            raise Broken(f"the provider answers {status}", place=PLACE, remedy="Is oidc.issuer its address?")
        return answer

    def _ask(self, method: str, url: str, **request: Any) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + _SECONDS
        held = bytearray()
        try:
            with self._http.stream(method, url, headers={"accept": "application/json"}, **request) as response:
                for part in response.iter_bytes():
                    held += part
                    if len(held) > _LONGEST or time.monotonic() > deadline:
                        raise Unavailable("the provider's answer is too long", place=PLACE, remedy="Try again")
        except (httpx.HTTPError, OSError) as error:
            raise Unavailable(f"no answer ({type(error).__name__})", place=PLACE, remedy="Try again") from None
        if response.status_code >= 500 or response.status_code == 429:
            raise Unavailable(f"the provider answers {response.status_code}", place=PLACE, remedy="Try again")
        try:
            answer = json.loads(held)
        except ValueError:
            answer = None
        return response.status_code, answer if isinstance(answer, dict) else {}
