"""What may be wrong with the key of a contact, and that the message says what to do."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from alerts.mail.encryption import Smime, holds
from alerts.mail.keyring import Keyring
from alerts.mail.keys import check_time, load_key, load_keys
from alerts.plans.contacts import Contact, Way
from alerts.plans.plan import Plan, Plans
from flow.errors import Broken
from tests.alerts.keys import ADDRESS, gnupg, pgp_pair, smime_pair

NOW = datetime.now(UTC)


def pgp_private() -> bytes:
    return str(pgp_pair()[1]).encode()


def strange(kind: x509.ObjectIdentifier, content: str) -> bytes:
    """A certificate that holds what the library cannot read."""
    return smime_pair(in_subject=True, extension=(kind, bytes.fromhex(content))).certificate


NAMES, USAGE = x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, x509.ExtensionOID.KEY_USAGE
FAULTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "neither"),
    "text": (lambda: b"ssh-ed25519 AAAA", "neither"),
    "pgp-other": (lambda: pgp_pair("other@ekvik.example")[0], "another address"),
    "pgp-private": (pgp_private, "private key"),
    "pgp-private-binary": (lambda: bytes(pgp_pair()[1]), "private key"),
    "smime-other": (lambda: smime_pair("other@ekvik.example").certificate, "another address"),
    "smime-private": (lambda: smime_pair().certificate + smime_pair().private, "private key"),
    "smime-ended": (lambda: smime_pair(begins=NOW - timedelta(days=31)).certificate, "has ended on"),
    "smime-not-begun": (lambda: smime_pair(begins=NOW + timedelta(days=1)).certificate, "begins on"),
    "smime-signing": (lambda: smime_pair(encipher=False).certificate, "not for encryption"),
    "smime-elliptic": (lambda: smime_pair(elliptic=True).certificate, "not for encryption"),
    "smime-damaged": (lambda: smime_pair().certificate[:200], "no certificate"),
    "smime-name-not-ascii": (lambda: strange(NAMES, "300d810b6af67267656e40782e7365"), r"cannot be read \(ValueError"),
    "smime-name-of-x400": (lambda: strange(NAMES, "3004a3023000"), "cannot be read"),
    "smime-usage": (lambda: strange(USAGE, "0400"), "cannot be read"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_key_that_is_of_no_use_stops_and_says_why(fault: str, tmp_path: Path) -> None:
    make, reason = FAULTS[fault]
    file = tmp_path / "vakt.key"
    file.write_bytes(make())
    with pytest.raises(Broken, match=reason) as caught:
        check_time(load_key(file, address=ADDRESS), file, now=NOW)
    assert str(file) in str(caught.value)
    assert ADDRESS not in str(caught.value)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read"):
        load_key(tmp_path / "none.asc", address=ADDRESS)


def test_a_path_that_can_be_none(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read"):
        load_key(tmp_path / "a\0b", address=ADDRESS)


def test_a_key_ends_with_its_part_for_encryption(tmp_path: Path) -> None:
    (tmp_path / "vakt.asc").write_bytes(pgp_pair(seconds=3600)[0])
    key = load_key(tmp_path / "vakt.asc", address=ADDRESS)
    assert key.ends is not None
    now = datetime.now(UTC)  # which may be long after all tests were read
    assert timedelta(minutes=50) < key.ends - now < timedelta(minutes=70)
    with pytest.raises(Broken, match="has ended on"):
        check_time(key, tmp_path / "vakt.asc", now=now + timedelta(hours=2))


def test_a_key_as_gnupg_writes_it(tmp_path: Path) -> None:
    """Its primary key does not end, while the part for encryption may; a later signature says so anew."""

    with gnupg(tmp_path) as gpg:
        gpg("--quick-generate-key", f"Vakt <{ADDRESS.upper()}>", "ed25519", "sign", "never")
        listed = gpg("--with-colons", "--list-keys").decode().splitlines()
        fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
        gpg("--quick-add-key", fingerprint, "cv25519", "encr", "1d")
        gpg("--quick-set-expire", fingerprint, "2d", "*")
        (tmp_path / "vakt.asc").write_bytes(gpg("--armor", "--export"))
    key = load_key(tmp_path / "vakt.asc", address=ADDRESS)
    assert key.ends is not None
    assert round((key.ends - NOW) / timedelta(days=1)) == 2


@pytest.mark.parametrize("in_subject", [False, True])
def test_certificates_in_both_forms(tmp_path: Path, in_subject: bool) -> None:
    pem = smime_pair(in_subject=in_subject, encipher=True).certificate
    (tmp_path / "vakt.pem").write_bytes(pem + smime_pair("authority@ekvik.example").certificate)
    (tmp_path / "vakt.cer").write_bytes(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    for file in ("vakt.pem", "vakt.cer"):
        assert load_key(tmp_path / file, address=ADDRESS).ends is not None


def test_an_address_has_one_key(tmp_path: Path) -> None:
    one, two = tmp_path / "one.asc", tmp_path / "two.asc"
    for file in (one, two):
        file.write_bytes(pgp_pair()[0])
    assert list(load_keys([(ADDRESS, one), (ADDRESS.upper(), one)])) == [ADDRESS]
    with pytest.raises(Broken, match="two keys") as caught:
        load_keys([(ADDRESS, one), (ADDRESS, two)])
    assert str(one) in str(caught.value)


def test_a_keyring_follows_plans_and_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "vakt.asc"
    file.write_bytes(pgp_pair()[0])
    way = Way(channel="email", address=ADDRESS)
    contact = Contact(name="Vakt", language="sv", channels=(way, Way(channel="outbox", address="desk")), key=str(file))
    contacts = {"Vakt": contact}
    keyring = Keyring(Plans(Plan((), contacts=contacts)))
    first = keyring.of(ADDRESS)
    assert first is keyring.of(ADDRESS) is not None
    assert keyring.of("desk") is None

    file.write_bytes(smime_pair().certificate)
    os.utime(file, ns=(1, 1))
    assert isinstance(keyring.of(ADDRESS), Smime)
    assert caplog.text == ""

    file.unlink()
    lost = keyring.of(ADDRESS)
    assert lost is not None
    assert not holds(lost, NOW)
    assert "cannot be read" in caplog.text
    assert ADDRESS not in caplog.text

    contacts.clear()
    assert keyring.of(ADDRESS) is None


@pytest.mark.parametrize("name", ["strange.pem", "a\0b"])
def test_a_keyring_takes_up_a_key_of_no_use_beside_the_others(name: str, tmp_path: Path) -> None:
    """Mail to its contact is not open, and the key of another contact is renewed all the same."""
    file, ways = tmp_path / "vakt.pem", (Way(channel="email", address=ADDRESS),)
    file.write_bytes(smime_pair().certificate)
    contacts = {"Vakt": Contact(name="Vakt", language="sv", channels=ways, key=str(file))}
    keyring = Keyring(Plans(Plan((), contacts=contacts)))
    before = keyring.of(ADDRESS)

    (tmp_path / "strange.pem").write_bytes(strange(NAMES, "3004a3023000"))
    lost = Way(channel="email", address="lost@ekvik.example")
    contacts["Lost"] = Contact(name="Lost", language="sv", channels=(lost,), key=str(tmp_path / name))
    file.write_bytes(smime_pair().certificate)
    os.utime(file, ns=(1, 1))
    found, without = keyring.of(ADDRESS), keyring.of(lost.address)
    assert found not in (None, before)
    assert without is not None
    assert not holds(without, NOW)


def test_a_keyring_with_a_key_of_no_use_starts_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody else must go without alerts for it, such as after a restart at night."""
    good, ways = tmp_path / "vakt.asc", (Way(channel="email", address=ADDRESS),)
    good.write_bytes(pgp_pair()[0])
    lost = Way(channel="email", address="lost@ekvik.example")
    contacts = {
        "Vakt": Contact(name="Vakt", language="sv", channels=ways, key=str(good)),
        "Lost": Contact(name="Lost", language="sv", channels=(lost,), key=str(tmp_path / "none")),
    }
    keyring = Keyring(Plans(Plan((), contacts=contacts)))
    assert "cannot be read" in caplog.text
    found, without = keyring.of(ADDRESS), keyring.of(lost.address)
    assert found is not None
    assert holds(found, NOW)
    assert without is not None
    assert not holds(without, NOW)
