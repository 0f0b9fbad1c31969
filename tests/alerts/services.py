"""Strict stand-ins of the services that channels call: they refuse what the real ones refuse, as their documentation says."""

import asyncio
import base64
import json
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from alerts.messages.message import units
from tests.alerts.people import AT
from tests.alerts.servers import Call, Certificate

Reply = tuple[int, dict[str, str], bytes]
_PLAIN = {"host", "accept", "accept-encoding", "connection", "user-agent"}
"""The headers of whoever brings nothing: no key, and nothing to read."""
NUMBER = re.compile(r"\+[1-9]\d{6,14}")


@dataclass
class Service:
    """An HTTP server on 127.0.0.1.

    ``mode``: ``normal``; ``silence``; ``busy`` (429 with Retry-After of 7 s); ``down`` (503); ``lost`` (504: a gateway had
    no answer); ``moved`` (to another address); ``broken`` (200, and rubbish).
    """

    certificate: Certificate | None = None
    mode: str = "normal"
    calls: list[Call] = field(default_factory=list)
    taken: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    async def start(self) -> None:
        context: ssl.SSLContext | None = self.certificate.context() if self.certificate else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            for writer in self._open.values():
                writer.transport.abort()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def reply(self, method: str, call: Call) -> Reply:
        """What the real one would answer."""
        raise NotImplementedError

    def take(self, key: str, text: str) -> None:
        self.taken.append((key, text))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        task.add_done_callback(self._open.pop)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        method, path, _ = head[0].split()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        call = Call(path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
        self.calls.append(call)
        if self.mode != "silence":
            status, more, body = self._answer(method, call)
            known = {"content-length": str(len(body)), "connection": "close", **more}
            lines = "".join(f"{name}: {value}\r\n" for name, value in known.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
            await writer.drain()
        else:
            with suppress(ConnectionError):
                await reader.read()  # until the client hangs up, or the test ends
        writer.close()

    def _answer(self, method: str, call: Call) -> Reply:
        if (method, call.path) == ("HEAD", "/") and set(call.headers) <= _PLAIN:
            return 404, {}, b""  # whoever only looks whether there is a server
        match self.mode:
            case "busy":
                return 429, {"retry-after": "7"}, b""
            case "down":
                return 503, {}, b""
            case "lost":
                return 504, {}, b""
            case "moved":
                return 307, {"location": "http://127.0.0.1:9/elsewhere"}, b""
            case "broken":
                return 200, {}, b"<html>"
        return self.reply(method, call)


def _basic(call: Call) -> str:
    return base64.b64decode(call.headers.get("authorization", "").removeprefix("Basic ")).decode()


def _plain(status: int, text: str) -> Reply:
    return status, {"content-type": "text/plain"}, text.encode()


def _json(status: int, value: dict[str, Any]) -> Reply:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


@dataclass
class Elks(Service):
    """46elks: short messages and calls. The number ...404 does not exist. ``recording``: what somebody has put beside it."""

    recording: bytes = b"ID3 a few words in Finnish"

    def reply(self, method: str, call: Call) -> Reply:
        if (method, call.path) == ("GET", "/fi.mp3"):
            return 200, {"content-type": "audio/mpeg"}, self.recording
        if _basic(call) != "user:secret":
            return _plain(401, "API access requires Basic HTTP authentication")
        if (method, call.path) == ("GET", "/a1/me"):
            return _json(200, {"id": "u1", "currency": "SEK", "balance": 1000})
        if method != "POST" or call.headers.get("content-type") != "application/x-www-form-urlencoded":
            return _plain(405, "Method not allowed")
        sent = {name: values[0] for name, values in parse_qs(call.body.decode(), strict_parsing=True).items()}
        if not NUMBER.fullmatch(sent.get("to", "")) or sent["to"].endswith("404"):
            return _plain(400, "Invalid to number")
        if call.path == "/a1/sms":
            return self._sms(sent)
        return self._call(sent) if call.path == "/a1/calls" else _plain(404, "Not found")

    def _sms(self, sent: dict[str, str]) -> Reply:
        if not set(sent) <= {"from", "to", "message", "dontlog", "whendelivered"} or not sent.get("message"):
            return _plain(400, "Missing key message")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,10}", sent["from"]) and not NUMBER.fullmatch(sent["from"]):
            return _plain(400, "Invalid from")
        used, fits = units(sent["message"])
        assert used <= fits, "more than one short message"
        self.take(sent["to"], sent["message"])
        return _json(200, {"status": "created", "direction": "outgoing", "id": f"s{len(self.taken)}"})

    def _call(self, sent: dict[str, str]) -> Reply:
        if not set(sent) <= {"from", "to", "voice_start", "whenhangup"} or not NUMBER.fullmatch(sent["from"]):
            return _plain(400, "Invalid from")
        actions = json.loads(sent["voice_start"])
        sound = actions.get("ivr") or actions["play"]
        if not sound.startswith(("https://", "http://127.0.0.1:", "en_US/")) or (
            sound.startswith("en_US/") and len(sound) > 186
        ):
            return _plain(400, "Invalid voice_start")
        self.take(sent["to"], sent["voice_start"])
        return _json(200, {"state": "ongoing", "direction": "outgoing", "id": f"c{len(self.taken)}"})


class Gateway(Service):
    """A gateway for short messages; the number ...404 does not exist."""

    def reply(self, method: str, call: Call) -> Reply:
        if call.headers.get("authorization") != "Bearer secret":
            return _plain(401, "")
        sent = json.loads(call.body)
        if method != "POST" or set(sent) - {"receipt"} != {"to", "text", "id"} or sent["to"].endswith("404"):
            return _plain(422, "")
        assert sent["id"] == call.headers["idempotency-key"]
        if sent["id"] not in dict(self.taken):
            self.take(sent["id"], sent["text"])
        return 202, {}, b""


class Workflow(Service):
    """A workflow of Teams. ``/gone`` was deleted."""

    def reply(self, method: str, call: Call) -> Reply:
        if call.path == "/gone":
            return _json(404, {"error": {"code": "WorkflowNotFound"}})
        sent = json.loads(call.body)
        if method != "POST" or call.headers.get("content-type") != "application/json" or sent["type"] != "message":
            return _json(400, {"error": {"code": "TriggerInputSchemaMismatch"}})
        (attachment,) = sent["attachments"]
        card = attachment["content"]
        if attachment["contentType"] != "application/vnd.microsoft.card.adaptive" or card["type"] != "AdaptiveCard":
            return _json(400, {"error": {"code": "TriggerInputSchemaMismatch"}})
        assert card["version"] == "1.4"
        assert len(call.body) < 28_000
        actions = card.get("actions", [])
        assert len(actions) <= 1
        self.take("", " ".join([card["body"][0]["text"], *(each["url"] for each in actions)]))
        return 202, {}, b""


class Homeserver(Service):
    """Matrix. The account is in all rooms but ``!closed:ekvik.example``."""

    def reply(self, method: str, call: Call) -> Reply:
        if call.headers.get("authorization") != "Bearer secret":
            return _json(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown token"})
        if (method, call.path) == ("GET", "/_matrix/client/v3/account/whoami"):
            return _json(200, {"user_id": "@turvakt:ekvik.example"})
        found = re.fullmatch(r"/_matrix/client/v3/rooms/(%21[^/]+)/send/m\.room\.message/([^/]+)", call.path)
        if found is None or method != "PUT":
            return _json(404, {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"})
        if found[1].startswith("%21closed"):
            return _json(403, {"errcode": "M_FORBIDDEN", "error": "not in room"})
        sent = json.loads(call.body)
        if sent["msgtype"] != "m.text" or not sent["body"]:
            return _json(400, {"errcode": "M_BAD_JSON", "error": ""})
        if found[2] not in dict(self.taken):
            self.take(found[2], sent["body"])
        return _json(200, {"event_id": f"$event-{found[2]}"})


class NtfyServer(Service):
    """ntfy; the topic ``forbidden-12`` is somebody else's."""

    def reply(self, method: str, call: Call) -> Reply:
        if call.headers.get("authorization") != "Bearer secret":
            return _json(401, {"code": 40101, "http": 401, "error": "unauthorized"})
        if (method, call.path) == ("GET", "/v1/health"):
            return _json(200, {"healthy": True})
        sent = json.loads(call.body)
        known = {"topic", "title", "message", "priority", "click", "sequence_id"}
        if method not in ("POST", "PUT") or call.path != "/" or not set(sent) <= known:
            return _json(400, {"code": 40017, "http": 400, "error": "invalid request: request body must be valid JSON"})
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", sent["topic"]) or sent["topic"] == "reserved-topic":
            return _json(400, {"code": 40009, "http": 400, "error": "invalid request: topic name is not allowed"})
        if sent["priority"] not in range(1, 6) or not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", sent["sequence_id"]):
            return _json(400, {"code": 40007, "http": 400, "error": "invalid request"})
        assert len(sent["message"].encode()) <= 4096
        self.take(sent["sequence_id"], " ".join([sent["message"], *([sent["click"]] if "click" in sent else [])]))
        return _json(200, {"id": "x", "time": 1, "event": "message", "topic": sent["topic"]})


@dataclass
class PushService(Service):
    """A browser, and the service of its maker (RFC 8030), which checks who sends (RFC 8292). ``/gone``: another browser."""

    private: Any = field(default_factory=lambda: generate_private_key(SECP256R1()))
    secret: bytes = bytes(range(16))
    public: str = ""

    @property
    def point(self) -> bytes:
        encoded: bytes = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return encoded

    def reply(self, method: str, call: Call) -> Reply:
        if call.path == "/gone":
            return 410, {}, b""
        proof = dict(part.split("=", 1) for part in call.headers["authorization"].removeprefix("vapid ").split(","))
        claims = json.loads(base64.urlsafe_b64decode(proof["t"].split(".")[1] + "=="))
        signed = Vapid02.verify(call.headers["authorization"]) and proof["k"] == self.public
        if not signed or claims["aud"] != self.url or not claims["sub"].startswith("mailto:"):
            return 403, {}, b""
        if not 0 < claims["exp"] - AT.timestamp() <= 86_400 or method != "POST" or "ttl" not in call.headers:
            return 400, {}, b""
        if call.headers.get("content-encoding") != "aes128gcm" or len(call.body) > 4096:
            return 413, {}, b""
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,32}", call.headers["topic"]):
            return 400, {}, b""
        read = http_ece.decrypt(call.body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        shown = json.loads(read)
        self.take(shown["key"], f"{shown['text']} {shown['link']}")
        return 201, {"location": "https://push.example/message/1"}, b""


class Hook(Service):
    """What apprise's own address ``json://`` calls; ``/closed`` refuses."""

    def reply(self, method: str, call: Call) -> Reply:
        sent = json.loads(call.body)
        if call.path == "/closed":
            return 403, {}, b""
        self.take("", sent["message"])
        return 200, {}, b""
