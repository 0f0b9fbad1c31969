"""An OpenID provider on this machine: a real server with real keys, which takes nothing but what the standard demands.

What it says can be spoilt by a test, as a careless or an evil one would.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwk, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from flow.clock import Clock

CLIENT, SECRET = "turvakt å/1", "hush: hush%"
REDIRECT = "https://turvakt.ekvik.example/sign-in/oidc"

Spoil = Callable[[dict[str, Any]], None]


def _nothing(_: dict[str, Any]) -> None:
    pass


@cache
def rsa(kid: str, number: int = 1) -> RSAKey:
    """A key, and others with the same name: making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": kid}, auto_kid=False)


class LocalProvider:
    """Serves until `stop`; ``who`` signs in there without a word.

    Attributes:
        metadata, keys, answer, claims, back: change what it says of itself, its public keys, its answer to a code, what it
            says of a person, and what it sends her back with.
        key: what it signs with.
        status: what it answers to a code, if not 200.
    """

    def __init__(self, clock: Clock, *, secret: str = SECRET) -> None:
        self.clock, self.secret = clock, secret
        self.who: dict[str, Any] = {"sub": "0815", "email": "berit-holm@ekvik.example", "email_verified": True}
        self.metadata: Spoil = _nothing
        self.keys: Spoil = _nothing
        self.answer: Spoil = _nothing
        self.claims: Spoil = _nothing
        self.back: Spoil = _nothing
        self.rsa = rsa("r1")
        self.ec = ECKey.generate_key("P-256", {"kid": "e1"}, auto_kid=False)
        self.published: list[jwk.Key] = [self.rsa, self.ec]
        self.key: jwk.Key = self.rsa
        self.algorithm = "RS256"
        self.status = 200
        self.broken: dict[str, tuple[int, bytes]] = {}
        """Answers to paths whatever is asked."""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def about(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        self.metadata(told)
        return told

    def public(self) -> dict[str, Any]:
        told: dict[str, Any] = dict(KeySet(self.published).as_dict())
        self.keys(told)
        return told

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent after she has signed in."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["redirect_uri"] == REDIRECT
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        assert min(len(query[each]) for each in ("state", "nonce", "code_challenge")) >= 43
        code = secrets.token_urlsafe()
        self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        self.back(back)
        return f"{REDIRECT}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            begun is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != begun["redirect_uri"]
            or _text(challenge) != begun["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe()
        told = {"access_token": access, "token_type": "Bearer", "id_token": self._signed(begun["nonce"], access)}
        self.answer(told)
        return self.status, told

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        if not self.secret:
            return form.get("client_id") == CLIENT and not authorization
        if "client_secret_basic" not in self.about().get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            return (form.get("client_id"), form.get("client_secret"), authorization) == (CLIENT, self.secret, "")
        kind, _, value = authorization.partition(" ")
        id, _, secret = base64.b64decode(value).decode().partition(":")
        return (kind, unquote(id), unquote(secret)) == ("Basic", CLIENT, self.secret)

    def _signed(self, nonce: str, access: str) -> str:
        now = int(self.clock.now().timestamp())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "at_hash": _text(half),
            **self.who,
        }
        self.claims(claims)
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm not in ("none", "HS256"):
            return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])
        signed = ".".join(_text(json.dumps(each).encode()) for each in (header, claims))
        if self.algorithm == "none":
            return signed + "."
        # As an evil one that hopes that the public key, which everybody has, is taken for a shared secret.
        return f"{signed}.{_text(hmac.digest(self.rsa.as_pem(private=False), signed.encode(), 'sha256'))}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _handler(provider: LocalProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if self._broken(parts.path):
                return
            if parts.path == "/realm/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(_flat(parts.query)))
                self.end_headers()
            elif parts.path == "/realm/.well-known/openid-configuration":
                self._say(200, provider.about())
            elif parts.path == "/realm/keys":
                self._say(200, provider.public())
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self._broken(self.path):
                self._say(*provider.token(_flat(form), self.headers.get("Authorization", "")))

        def _broken(self, path: str) -> bool:
            if path not in provider.broken:
                return False
            status, body = provider.broken[path]
            self._send(status, body)
            return True

        def _say(self, status: int, told: dict[str, Any]) -> None:
            self._send(status, json.dumps(told).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
