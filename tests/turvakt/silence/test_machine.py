"""Disk, clock, certificate, keys and backup."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.keys import ADDRESS, smime_pair
from turvakt.watch.keys import Keys, key_place
from turvakt.watch.machine import LEAST, Backup, Certificate, Clocks, Disk

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_disk_is_a_trouble_when_little_is_left(tmp_path: Path) -> None:
    free = 100
    disk = Disk(tmp_path, free=10, usage=lambda folder: (1000, 1000 - free, free))
    assert list(disk(NOW)) == []
    free = 99
    assert [each.details for each in disk(NOW)] == [{"free": "10"}]


def test_a_disk_is_a_trouble_when_it_fills_within_a_day(tmp_path: Path) -> None:
    free = 1000
    disk = Disk(tmp_path, free=10, usage=lambda folder: (1000, 1000 - free, free))
    found = []
    for hour in range(4):
        found.append([each.details for each in disk(NOW + hour * HOUR)])
        free -= 50
    assert found[0] == []
    assert [each for (each,) in found[1:]] == [
        {"free": "95", "full-in": "19"},
        {"free": "90", "full-in": "18"},
        {"free": "85", "full-in": "17"},
    ]


def test_a_disk_that_fills_is_told_though_the_clock_was_a_year_ahead(tmp_path: Path) -> None:
    free = 1000
    disk = Disk(tmp_path, free=10, usage=lambda folder: (1000, 1000 - free, free))
    list(disk(NOW + timedelta(days=365)))
    list(disk(NOW))
    free = 900
    assert [each.details["full-in"] for each in disk(NOW + HOUR)] == ["9"]


def test_a_real_disk_says_what_it_has(tmp_path: Path) -> None:
    assert len(list(Disk(tmp_path, free=99.999)(NOW))) == 1


def test_a_clock_that_jumps_is_seen_for_an_hour() -> None:
    seconds = 0.0
    clocks = Clocks(monotonic=lambda: seconds)
    assert list(clocks(NOW)) == []
    seconds += 60
    assert list(clocks(NOW + timedelta(seconds=61))) == []
    seconds += 60
    (trouble,) = clocks(NOW - HOUR)
    assert trouble.details == {"put-back": "3721"}
    seconds += 3500
    assert len(list(clocks(NOW - HOUR + timedelta(seconds=3500)))) == 1
    seconds += 100
    assert list(clocks(NOW - HOUR + timedelta(seconds=3600))) == []


def test_a_certificate_that_ends_within_a_fortnight_is_told() -> None:
    asked: list[tuple[str, int]] = []
    end: datetime | None = NOW + timedelta(days=15)

    def ends(host: str, port: int) -> datetime | None:
        asked.append((host, port))
        return end

    certificate = Certificate("https://turvakt.example", end=ends)
    assert list(certificate(NOW)) == []
    end = None
    assert list(certificate(NOW + HOUR / 2)) == []
    assert [each.details for each in certificate(NOW + HOUR)] == [{"invalid": ""}]
    assert [each.details for each in certificate(NOW + timedelta(days=2))] == [{"invalid": ""}]
    end = NOW + timedelta(days=15)
    assert [each.details for each in certificate(NOW + timedelta(days=3))] == [{"ends": end.isoformat()}]
    assert set(asked) == {("turvakt.example", 443)}
    end = None
    assert [each.details for each in certificate(NOW + HOUR)] == [{"invalid": ""}], "the clock was put back"
    assert list(Certificate("http://127.0.0.1:8477", end=ends)(NOW)) == []


def test_each_key_that_ends_within_a_fortnight_is_told_and_nobodys_name(tmp_path: Path) -> None:
    lasting, ending, next_one = (tmp_path / name for name in ("one.pem", "two.pem", "three.pem"))
    for file, days in ((lasting, 300), (ending, 20), (next_one, 25)):
        file.write_bytes(smime_pair(begins=NOW, days=days).certificate)
    keys = Keys(lambda: [(ADDRESS, each) for each in (lasting, ending, next_one)])
    assert list(keys(NOW)) == []
    (soon,) = keys(NOW + timedelta(days=7))
    assert soon.place == key_place(ending)
    assert soon.details == {"ends": (NOW + timedelta(days=20)).isoformat(), "which": ""}
    assert "two" not in soon.place
    found = {each.place: list(each.details) for each in keys(NOW + timedelta(days=21))}
    assert found == {key_place(ending): ["ended", "which"], key_place(next_one): ["ends", "which"]}


def test_a_key_that_cannot_be_used_is_told_and_why(tmp_path: Path) -> None:
    damaged, of_another, lost = (tmp_path / name for name in ("one.asc", "two.pem", "none.pem"))
    damaged.write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnothing\n-----END PGP PUBLIC KEY BLOCK-----\n", "utf-8")
    of_another.write_bytes(smime_pair(begins=NOW, days=300).certificate)
    files = [(ADDRESS, damaged), ("other@ekvik.example", of_another), (ADDRESS, lost)]
    keys = Keys(lambda: files)
    found = {each.place: each.details for each in keys(NOW)}
    assert found.keys() == {key_place(file) for _, file in files}
    assert all(list(each) == ["unusable", "reason", "which"] for each in found.values())
    assert found[key_place(of_another)]["reason"] == "the key is for another address"
    lost.write_bytes(of_another.read_bytes())
    places = [each.place for each in keys(NOW - HOUR)]
    assert places == [key_place(damaged), key_place(of_another)], "the clock was put back"


@pytest.mark.parametrize("addresses", [(ADDRESS, "other@ekvik.example"), ("other@ekvik.example", ADDRESS)])
def test_a_key_that_one_of_several_addresses_cannot_use_is_told(tmp_path: Path, addresses: tuple[str, ...]) -> None:
    file = tmp_path / "team.pem"
    file.write_bytes(smime_pair(begins=NOW, days=300).certificate)
    (trouble,) = Keys(lambda: [(each, file) for each in addresses])(NOW)
    assert trouble.details["reason"] == "the key is for another address"


def test_a_backup_must_be_there_and_new(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    backup = Backup(folder, hours=26)
    assert [each.details for each in backup(NOW)] == [{"missing": ""}]
    folder.mkdir()
    assert [each.details for each in backup(NOW)] == [{"missing": ""}]
    for name, age in (("monday", 30), ("tuesday", 27)):
        file = folder / name
        file.write_bytes(bytes(LEAST))
        at = (NOW - age * HOUR).timestamp()
        os.utime(file, (at, at))
    (trouble,) = backup(NOW)
    assert (trouble.since, trouble.details) == (NOW - HOUR, {"newest": "2026-11-29T09:00:00+00:00"})
    for name, size in (("wednesday", LEAST - 1), ("wednesday.part", LEAST), (".wednesday.7.tmp", LEAST)):
        (folder / name).write_bytes(bytes(size))
        os.utime(folder / name, (NOW.timestamp(), NOW.timestamp()))
    assert list(backup(NOW)) == [trouble], "what failed, or is not finished, is no backup"
    assert [each.details for each in Backup(folder / "wednesday", hours=26)(NOW)] == [{"missing": ""}]
    assert list(backup(NOW - HOUR)) == []
