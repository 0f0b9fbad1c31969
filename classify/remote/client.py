"""Asks the server: several texts at once, within one deadline for all."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from urllib.parse import urlsplit

import httpx

from classify.remote.answer import PLACE, Answer, Form
from flow.errors import BadInput, Broken, TurvaktError, Unavailable
from flow.hosts import is_guarded, is_loopback

AT_ONCE = 4
_LONGEST = 256 * 1024
"""Bytes of an answer: more than any server needs to say six numbers."""
_THIS_TEXT = frozenset({400, 413, 422})
"""Answers that are about the text (too long, or its tokens are): the next may be welcome."""


class Client:
    """Calls ``url``.

    It works in threads of its own, which whoever asks does not wait for after the deadline: a name server that is silent, or
    an answer that never ends, holds up nobody.

    Args:
        token: sent as bearer token; empty: none.
        seconds: how long `ask` takes at most, however many texts there are.

    Raises:
        Broken: the address is not https and not on this machine, or the token cannot be sent.
    """

    def __init__(self, *, url: str, token: str, form: Form, seconds: float) -> None:
        self._url, self._form, self._seconds = url, form, seconds
        try:
            httpx.URL(url)
            fits = is_guarded(url)
        except httpx.InvalidURL:
            fits = False
        if not fits:
            remedy = "Give an https address; http is for this machine only"
            raise Broken("is no address that texts may be sent to", place="settings, remote.url", remedy=remedy)
        if not (token.isascii() and token.isprintable()):
            raise Broken("cannot be sent", place="settings, remote.token", remedy="It holds letters, digits and signs")
        self._headers = {"content-type": "application/json", "accept": "application/json", "user-agent": "Turvakt"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        # What goes to this machine must not take the way over a proxy, where it would be read.
        self._outside = not is_loopback(urlsplit(url).hostname or "")
        self._authorities = httpx.create_ssl_context()

    def ask(self, texts: Sequence[str]) -> list[Answer | TurvaktError | None]:
        """What the model says of each text, or why it says nothing; ``None`` where its turn never came.

        Raises nothing: `Unavailable` (the server) and `BadInput` (this text) are given back.
        """
        deadline = time.monotonic() + self._seconds
        pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="remote model")
        futures = [pool.submit(self._one, text, deadline) for text in texts]
        wait(futures, timeout=self._seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        return [_found(future) for future in futures]

    def _one(self, text: str, deadline: float) -> Answer | TurvaktError | None:
        if time.monotonic() >= deadline:
            return None
        body = json.dumps(self._form.request(text), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            return self._form.answer(self._post(body, deadline))
        except TurvaktError as error:
            return error
        except (httpx.HTTPError, OSError) as error:
            # The exceptions of the library may quote the address, which may hold a key.
            return Unavailable(f"no answer ({type(error).__name__})", place=PLACE, remedy="Is it running?")
        except (httpx.InvalidURL, ImportError, ValueError) as error:
            remedy = "Check the proxy in HTTPS_PROXY, ALL_PROXY and NO_PROXY"
            return Unavailable(f"it cannot be asked ({type(error).__name__})", place=PLACE, remedy=remedy)
        except RecursionError:
            return Unavailable("the answer is nested too deep", place=PLACE, remedy="Check remote.url")

    def _post(self, body: bytes, deadline: float) -> bytes:
        with (
            httpx.Client(
                timeout=max(0.001, deadline - time.monotonic()),
                follow_redirects=False,  # a redirect could lead the text away from the server that somebody vouches for
                trust_env=self._outside,
                verify=self._authorities,
            ) as client,
            client.stream("POST", self._url, content=body, headers=self._headers) as response,
        ):
            status = response.status_code
            if status in _THIS_TEXT:
                remedy = "Look into the server's log: it may know no such model, or take shorter texts only"
                raise BadInput(f"the server refuses a text ({status})", place=PLACE, remedy=remedy)
            if status != 200:
                remedy = "Check remote.url and remote.token"
                raise Unavailable(f"the server answers {status}", place=PLACE, remedy=remedy)
            found = bytearray()
            for part in response.iter_bytes():
                found += part
                if len(found) > _LONGEST:
                    raise Unavailable("the answer has no end", place=PLACE, remedy="Check remote.url")
                if time.monotonic() > deadline:
                    raise _late()
        return bytes(found)


def _found(future: "Future[Answer | TurvaktError | None]") -> Answer | TurvaktError | None:
    if future.cancelled():
        return None
    if not future.done():
        return _late()
    return future.result()


def _late() -> Unavailable:
    return Unavailable("no answer in time", place=PLACE, remedy="Take a smaller model, or raise remote.timeout")
