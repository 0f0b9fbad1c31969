"""The program as a later version may be: ``python -m tests.cluster.later minor|major ...``.

Either writes a field into every record that this version does not know. A major one writes posts in a wire version of their own,
too, and reads both.
"""

import sys
from typing import Any

import msgspec

from flow.codec import Codec
from turvakt.__main__ import main

FIELD = "of_tomorrow"
RAISED = "post"


def become(*, major: bool) -> None:
    write, read = Codec.encode, Codec.decode

    def encode(codec: Codec[Any], record: Any) -> bytes:
        plain = msgspec.json.decode(write(codec, record)) | {FIELD: [1]}
        if major and codec.kind == RAISED:
            plain["version"] += 1
        return msgspec.json.encode(plain)

    def decode(codec: Codec[Any], value: bytes) -> Any:
        if major and codec.kind == RAISED:
            plain = msgspec.json.decode(value)
            value = msgspec.json.encode(plain | {"version": min(plain["version"], codec.version)})
        return read(codec, value)

    Codec.encode, Codec.decode = encode, decode  # type: ignore[method-assign]


if __name__ == "__main__":
    become(major=sys.argv.pop(1) == "major")
    main()
