"""Kibana's public HTTP interface, as far as it is needed: spaces, roles, import and export of saved objects."""

import json
import ssl
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from flow.errors import Broken, Unavailable
from review.kibana.objects import SavedObject, ndjson

PLACE = "kibana"
OLDEST = (8, 19)
"""The version whose form the saved objects have; older ones refuse them."""
_SECONDS = 60.0
_BUSY = (408, 429, 502, 503, 504)


class Kibana:
    """A Kibana, as a context manager.

    Args:
        api_key: proves who we are; else ``username`` and ``password`` do.
        certificates: file of authorities to trust in place of the system's.

    Every method raises:
        Unavailable: it does not answer, is starting or busy.
        Broken: it refuses us, or a request.
    """

    def __init__(
        self, url: str, *, api_key: str = "", username: str = "", password: str = "", certificates: str = ""
    ) -> None:
        headers = {"kbn-xsrf": "true"}  # without it Kibana takes no change
        if api_key:
            headers["Authorization"] = f"ApiKey {api_key}"
        try:
            self._client = httpx.Client(
                base_url=url.rstrip("/"),
                headers=headers,
                auth=(username, password) if username and not api_key else None,
                verify=ssl.create_default_context(cafile=certificates) if certificates else True,
                timeout=_SECONDS,
            )
        except (OSError, ValueError, httpx.InvalidURL) as error:
            remedy = "Check kibana.url and elasticsearch.certificates"
            raise Broken(
                f"the settings make no connection ({type(error).__name__})", place=PLACE, remedy=remedy
            ) from None

    def check(self) -> None:
        """Whether this is a Kibana that can read the saved objects."""
        number = (self._json("GET", "/api/status") or {}).get("version", {}).get("number", "")
        version = tuple(int(part) for part in number.split("-")[0].split(".")[:2] if part.isdigit())
        if version < OLDEST:
            remedy = f"Use Kibana {'.'.join(map(str, OLDEST))} or later"
            raise Broken(f"this is Kibana {number}" if version else "this is no Kibana", place=PLACE, remedy=remedy)

    def spaces(self) -> list[dict[str, Any]]:
        """All spaces."""
        found: list[dict[str, Any]] = self._json("GET", "/api/spaces/space")
        return found

    def make_space(self, space: Mapping[str, Any]) -> None:
        """Make a space."""
        self._json("POST", "/api/spaces/space", json=space)

    def change_space(self, space: Mapping[str, Any]) -> None:
        """Give a space other attributes."""
        self._json("PUT", f"/api/spaces/space/{space['id']}", json=space)

    def role(self, name: str) -> dict[str, Any] | None:
        """A role as Kibana sees it; ``None`` if there is none."""
        found: dict[str, Any] | None = self._json("GET", f"/api/security/role/{name}", none=True)
        return found

    def put_role(self, name: str, role: Mapping[str, Any]) -> None:
        """Make or replace a role."""
        self._json("PUT", f"/api/security/role/{name}", json=role)

    def saved(self, space: str, kinds: Collection[str]) -> list[SavedObject]:
        """The saved objects of some kinds in a space."""
        body = {"type": sorted(kinds), "excludeExportDetails": True, "includeReferencesDeep": False}
        answer = self._ask("POST", f"/s/{space}/api/saved_objects/_export", json=body)
        return [json.loads(line) for line in answer.text.splitlines() if line]

    def bring(self, space: str, objects: Sequence[SavedObject]) -> None:
        """Import objects into a space, in the place of those with the same ids."""
        file = {"file": ("turvakt.ndjson", ndjson(objects).encode(), "application/ndjson")}
        path = f"/s/{space}/api/saved_objects/_import"
        answer = self._json("POST", path, params={"overwrite": "true"}, files=file)
        if not answer["success"]:
            kinds = sorted({str(each.get("error", {}).get("type")) for each in answer.get("errors", ())})
            reason = f"{len(answer.get('errors', ()))} of {len(objects)} objects were not taken ({', '.join(kinds)})"
            raise Broken(reason, place=f"{PLACE} {space}", remedy="Compare the versions of Turvakt and Kibana")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _json(self, method: str, path: str, *, none: bool = False, **arguments: Any) -> Any:
        answer = self._ask(method, path, none=none, **arguments)
        if answer.status_code in (204, 404):
            return None
        try:
            return answer.json()
        except ValueError:
            raise Broken("its answer makes no sense", place=f"{PLACE} {path}", remedy="Check kibana.url") from None

    def _ask(self, method: str, path: str, *, none: bool = False, **arguments: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TimeoutException:
            raise Unavailable("it does not answer in time", place=PLACE, remedy="Try again") from None
        except httpx.TransportError as error:
            remedy = "Check kibana.url, and whether it runs"
            raise Unavailable(f"it cannot be reached ({type(error).__name__})", place=PLACE, remedy=remedy) from None
        status, where = answer.status_code, f"{PLACE} {path}"
        if answer.is_success or (none and status == 404):
            return answer
        if status in _BUSY:
            raise Unavailable(f"it is busy or starting ({status})", place=where, remedy="Try again")
        if status in (401, 403):
            remedy = "Check kibana.api_key: it must manage spaces, roles and saved objects"
            raise Broken(f"it refuses us ({status})", place=where, remedy=remedy)
        raise Broken(f"it refused a request ({status})", place=where, remedy="Check kibana.url and its version")
