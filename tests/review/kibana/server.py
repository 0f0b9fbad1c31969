"""Kibana 8.19's interface as its source has it, for want of a Kibana: strict about paths, headers and bodies.

Its roles are Elasticsearch's, as in Kibana: it writes them there, translated as Kibana translates them.
"""

import json
import re
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from msgspec import Meta, Struct

_VERSIONS = {"index-pattern": "8.0.0", "lens": "8.9.0", "dashboard": "10.3.0"}
"""The newest form that 8.19 can read of each kind."""
_CREDENTIALS = ("ApiKey secret", "Basic a2liYW5hOnNlY3JldA==")  # kibana:secret
_APPLICATION = "kibana-.kibana"


class _Strict(Struct, forbid_unknown_fields=True):
    pass


class _Space(_Strict, rename={"disabled_features": "disabledFeatures", "image_url": "imageUrl"}):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9_\-]+$")]
    name: Annotated[str, Meta(min_length=1)]
    description: str = ""
    initials: Annotated[str, Meta(max_length=2)] | None = None
    color: Annotated[str, Meta(pattern="^#[a-zA-Z0-9]{6}$")] | None = None
    disabled_features: list[str] = []
    image_url: str | None = None
    solution: Literal["es", "oblt", "security", "classic"] | None = None


class _Indices(_Strict):
    names: list[str]
    privileges: list[str]


class _Elastic(_Strict):
    cluster: list[str] = []
    indices: list[_Indices] = []
    run_as: list[str] = []


class _Privilege(_Strict):
    spaces: Annotated[list[str], Meta(min_length=1)]
    base: Annotated[list[Literal["all", "read"]], Meta(max_length=1)] = []
    feature: dict[str, list[str]] = {}


class _Role(_Strict):
    elasticsearch: _Elastic
    kibana: list[_Privilege] = []


class _Export(_Strict, rename="camel"):
    type: list[str]
    exclude_export_details: bool = False
    include_references_deep: bool = False


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FakeKibana:
    """On 127.0.0.1; a context manager.

    Attributes:
        spaces: by id; ``default`` is always there.
        objects: by space, kind and id.
        version: what it says that it is.
        down: the status that it answers with to everything, if any.
        requests: method and path of each change.
    """

    def __init__(self, elastic: str, auth: tuple[str, str] | None) -> None:
        self.spaces: dict[str, dict[str, Any]] = {"default": {"id": "default", "name": "Default", "_reserved": True}}
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.version = "8.19.13"
        self.down: int | None = None
        self.requests: list[str] = []
        self._elastic = httpx.Client(base_url=elastic, auth=auth)
        handler = type("Handler", (_Handler,), {"kibana": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """Status and JSON (or text) of an answer."""
        if self.down is not None:
            raise Refused(self.down, "down")
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if headers["Authorization"] not in _CREDENTIALS:
            raise Refused(401, "Unauthorized")
        if method != "GET":
            if "kbn-xsrf" not in headers:
                raise Refused(400, "Request must contain a kbn-xsrf header.")
            self.requests.append(f"{method} {path}")
        kind = headers.get_content_type() if body else ""
        match method, path.strip("/").split("/"):
            case "GET", ["api", "status"]:
                return 200, {"name": "kibana", "version": {"number": self.version}}
            case "GET", ["api", "spaces", "space"]:
                return 200, list(self.spaces.values())
            case "POST", ["api", "spaces", "space"]:
                return 200, self._make_space(_body(body, kind, _Space))
            case "PUT", ["api", "spaces", "space", id]:
                return 200, self._change_space(id, _body(body, kind, _Space))
            case "GET", ["api", "security", "role", name]:
                return 200, self._role(name)
            case "PUT", ["api", "security", "role", name]:
                self._put_role(name, _body(body, kind, _Role))
                return 204, None
            case "POST", ["s", space, "api", "saved_objects", "_export"] if space in self.spaces:
                return 200, self._export(space, _body(body, kind, _Export))
            case "POST", ["s", space, "api", "saved_objects", "_import"] if space in self.spaces:
                if kind != "multipart/form-data":
                    raise Refused(415, "Unsupported Media Type")
                unknown = query.keys() - {"overwrite"}
                if unknown:
                    raise Refused(400, f"[request query.{unknown}]: definition for this key is missing")
                return 200, self._import(space, _file(headers, body), overwrite=query.get("overwrite") == ["true"])
        raise Refused(404, "Not Found")

    def _make_space(self, space: _Space) -> Any:
        if space.id in self.spaces:
            raise Refused(409, "A space with the identifier already exists.")
        self.spaces[space.id] = msgspec.to_builtins(space)
        return self.spaces[space.id]

    def _change_space(self, id: str, space: _Space) -> Any:
        if id not in self.spaces or id != space.id:
            raise Refused(404, "Not Found")
        self.spaces[id] = msgspec.to_builtins(space)
        return self.spaces[id]

    def _role(self, name: str) -> Any:
        role = self._in_elastic(name)
        if role is None:
            raise Refused(404, "Not Found")
        kibana = [
            {
                "base": [name.removeprefix("space_") for name in each["privileges"] if name.startswith("space_")],
                "feature": dict(_features(each["privileges"])),
                "spaces": [resource.removeprefix("space:") for resource in each["resources"]],
            }
            for each in role["applications"]
            if each["application"] == _APPLICATION
        ]
        elastic = {key: role[key] for key in ("cluster", "indices", "run_as")}
        return {"name": name, "metadata": {}, "elasticsearch": elastic, "kibana": kibana, "_transform_error": []}

    def _in_elastic(self, name: str) -> Any:
        answer = self._elastic.get(f"/_security/role/{name}")
        return None if answer.status_code == 404 else answer.raise_for_status().json()[name]

    def _put_role(self, name: str, role: _Role) -> None:
        if any(each.base and each.feature for each in role.kibana):
            raise Refused(400, "definition of [feature] isn't allowed when non-empty [base] is defined.")
        applications = [
            {
                "application": _APPLICATION,
                "privileges": [
                    *(f"space_{privilege}" for privilege in each.base),
                    *(f"feature_{id}.{privilege}" for id, some in each.feature.items() for privilege in some),
                ],
                "resources": [f"space:{space}" for space in each.spaces],
            }
            for each in role.kibana
        ]
        others = [
            each
            for each in (self._in_elastic(name) or {}).get("applications", ())
            if each["application"] != _APPLICATION
        ]
        body = msgspec.to_builtins(role.elasticsearch) | {"applications": [*applications, *others]}
        self._elastic.put(f"/_security/role/{name}", json=body).raise_for_status()

    def _export(self, space: str, wanted: _Export) -> str:
        found = [each for (there, kind, _), each in self.objects.items() if there == space and kind in wanted.type]
        return "\n".join(json.dumps(each) for each in found)

    def _import(self, space: str, lines: str, *, overwrite: bool) -> Any:
        objects = [json.loads(line) for line in lines.splitlines() if line]
        errors = []
        coming = {(each["type"], each["id"]) for each in objects}
        if len(coming) != len(objects):
            raise Refused(400, "Non-unique import objects detected")
        for each in objects:
            key = (each["type"], each["id"])
            elsewhere = {other for other, kind, id in self.objects if (kind, id) == key} - {space}
            if each["type"] not in _VERSIONS:
                errors.append((each, "unsupported_type"))
            elif _number(each["typeMigrationVersion"]) > _number(_VERSIONS[each["type"]]):
                raise Refused(422, "belongs to a more recent version of Kibana")
            elif any(
                (to["type"], to["id"]) not in coming and (space, to["type"], to["id"]) not in self.objects
                for to in each["references"]
            ):
                errors.append((each, "missing_references"))
            elif elsewhere or ((space, *key) in self.objects and not overwrite):
                errors.append((each, "conflict"))
        if not errors:
            for each in objects:
                # As it comes back: with what Kibana adds.
                kept = {**each, "attributes": {**each["attributes"], "version": 1}, "namespaces": [space]}
                self.objects[space, each["type"], each["id"]] = kept
        done = [] if errors else [{"type": each["type"], "id": each["id"]} for each in objects]
        failed = [{"type": each["type"], "id": each["id"], "error": {"type": why}} for each, why in errors]
        return {"success": not errors, "successCount": len(done), "successResults": done, "errors": failed}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._elastic.close()


def _body(body: bytes, kind: str, type: Any) -> Any:
    if kind != "application/json":
        raise Refused(415, "Unsupported Media Type")
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.ValidationError as error:
        raise Refused(400, f"[request body]: {error}") from None


def _file(headers: Any, body: bytes) -> str:
    message = BytesParser().parsebytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    (part,) = message.get_payload()  # type: ignore[misc]
    if part.get_param("name", header="Content-Disposition") != "file" or not part.get_filename("").endswith(".ndjson"):
        raise Refused(400, "Invalid file extension")
    return str(part.get_payload(decode=True).decode())


def _features(privileges: list[str]) -> Iterator[tuple[str, list[str]]]:
    for name in privileges:
        if name.startswith("feature_"):
            id, _, privilege = name.removeprefix("feature_").partition(".")
            yield id, [privilege]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


class _Handler(BaseHTTPRequestHandler):
    kibana: ClassVar[FakeKibana]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, answer = self.kibana.answer(self.command, self.path, self.headers, body)
        except Refused as refused:
            status, answer = refused.status, {"statusCode": refused.status, "message": str(refused)}
        text = b"" if answer is None else answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815

    def log_message(self, *arguments: Any) -> None:
        pass
