"""What an official sees of all that is held on her."""

from typing import Any

from review.subject_access.gathering import gathered


class Held:
    """Holds what it was given."""

    def __init__(self, name: str, *records: dict[str, Any]) -> None:
        self.name = name
        self.records = list(records)

    def export(self, official: str) -> list[dict[str, Any]]:
        return self.records


def test_what_another_tenant_decided_is_left_out() -> None:
    hers = {"kind": "decision", "tenant": "ekvik", "by": "Rut"}
    everybodys = {"kind": "decision", "by": "Ola"}
    foreign = {"kind": "decision", "tenant": "haaby", "by": "Per"}
    post = {"kind": "verdict", "tenant": "haaby"}
    logged = [{"topic": "decisions", "record": each} for each in (hers, everybodys, foreign)]
    holders: Any = (Held("index", post, hers, everybodys, foreign), Held("log", *logged))
    assert gathered("anna", tenant="ekvik", holders=holders) == {
        "index": [post, hers, everybodys],
        "log": logged[:2],
    }
    assert gathered("anna", tenant="", holders=holders)["index"] == [post, everybodys]
