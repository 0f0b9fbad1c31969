"""What every registry store promises; run over each implementation by test_stores.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from flow.errors import BadInput, Stale
from flow.log import Log
from registry.ledger import PURPOSE, Given
from registry.official import Consent, Contact, Wishes
from registry.store import Erasures, Imported, Store
from registry.tenant import Tenant

from .people import NOW, START, official

HOUR = timedelta(hours=1)
PORTAL = Given("portal", by="anna", wording="2026-11", language="fi")


class StoreContract:
    @pytest.fixture
    def log(self) -> Log:
        raise NotImplementedError

    @pytest.fixture
    def store(self, log: Log) -> Store:
        raise NotImplementedError

    def test_gives_back_what_was_added(self, store: Store) -> None:
        later, first = official("b", role=""), official("a")
        store.add(later)
        store.add(first)
        assert store.officials() == [first, later]
        assert store.get("b") == later

    def test_suggests_an_id_that_is_alike(self, store: Store) -> None:
        store.add(official("anna-lindqvist"))
        with pytest.raises(BadInput, match="Did you mean 'anna-lindqvist'"):
            store.get("anna-lindkvist")
        with pytest.raises(BadInput, match="officials list"):
            store.get("qqq")

    def test_an_id_is_taken_once(self, store: Store) -> None:
        store.add(official())
        before = store.revision()
        with pytest.raises(BadInput, match="taken"):
            store.add(official(role="other"))
        assert store.get("ekvik-07").role == "kommunalråd"
        assert store.revision() == before

    def test_refuses_an_official_that_is_wrong(self, store: Store) -> None:
        with pytest.raises(BadInput, match="contacts is missing"):
            store.add(official(contacts=()))
        assert store.officials() == []

    def test_an_import_done_again_changes_nothing(self, store: Store, log: Log) -> None:
        assert store.put_all([official("a"), official("b")]) == Imported(2, 0, 0)
        revision, epoch = store.revision(), log.epoch()
        assert store.put_all([official("a"), official("b")]) == Imported(0, 0, 2)
        assert (store.revision(), log.epoch()) == (revision, epoch)
        assert store.put_all([official("a"), official("b", party="X"), official("c")]) == Imported(1, 1, 1)
        assert store.revision() > revision

    def test_an_import_is_whole_or_not_at_all(self, store: Store) -> None:
        with pytest.raises(BadInput, match="official 2: id"):
            store.put_all([official("a"), official("B"), official("c")])
        assert store.officials() == []

    def test_every_change_makes_batches_in_hand_stale(self, store: Store, log: Log) -> None:
        changes: list[Callable[[], object]] = [
            lambda: store.add(official("a")),
            lambda: store.put_all([official("a", role="x")]),
            lambda: store.change(official("a", role="y"), given=PORTAL),
            lambda: store.withdraw("a", NOW),
            lambda: store.remove("a"),
        ]
        for change in changes:
            epoch, revision = log.epoch(), store.revision()
            change()
            assert store.revision() == revision + 1
            with pytest.raises(Stale), log.write(epoch=epoch):
                pass

    def test_a_withdrawal_ends_every_consent(self, store: Store) -> None:
        consents = (
            Consent(("feed",), START, START + HOUR),
            Consent(("*",), START),
            Consent(("*",), START, NOW + HOUR),
            Consent(("*",), NOW + HOUR),
        )
        store.add(official(consents=consents))
        withdrawal = store.withdraw("ekvik-07", NOW)
        assert (withdrawal.at, withdrawal.erased_at, withdrawal.removed) == (NOW, None, {})
        stored = store.get("ekvik-07")
        assert [consent.until for consent in stored.consents] == [START + HOUR, NOW, NOW]
        assert not any(stored.consents_to("bluesky", NOW + hours * HOUR) for hours in range(4))
        assert stored.consents_to("bluesky", NOW - HOUR)
        assert store.pending() == ["ekvik-07"]

    def test_a_second_withdrawal_changes_nothing(self, store: Store) -> None:
        store.add(official())
        store.withdraw("ekvik-07", NOW)
        revision = store.revision()
        assert store.withdraw("ekvik-07", NOW + HOUR).at == NOW
        assert store.revision() == revision

    def test_nobody_withdraws_who_is_not_there(self, store: Store) -> None:
        with pytest.raises(BadInput, match="no official has this id"):
            store.withdraw("nobody", NOW)
        assert store.withdrawal("nobody") is None
        assert store.pending() == []

    def test_an_erasure_counts_over_its_tries_and_ends(self, store: Store) -> None:
        store.add(official())
        store.withdraw("ekvik-07", NOW)
        store.note("ekvik-07", "log", 2)
        store.note("ekvik-07", "log", 3)
        store.note("ekvik-07", "index", 1)
        assert store.remove("ekvik-07")
        assert not store.remove("ekvik-07")
        assert store.unscrubbed() == []
        store.erased("ekvik-07")
        assert store.pending() == []
        unscrubbed = store.unscrubbed()
        assert len(unscrubbed) == 1
        store.scrubbed(unscrubbed, NOW + HOUR)
        assert store.unscrubbed() == []
        withdrawal = store.withdrawal("ekvik-07")
        assert withdrawal is not None
        assert (withdrawal.at, withdrawal.erased_at) == (NOW, NOW + HOUR)
        assert withdrawal.removed == {"log": 5, "index": 1}
        with pytest.raises(BadInput, match="withdrew on 2026-09-14"):
            store.get("ekvik-07")
        # Once more finds nothing to do.
        assert store.withdraw("ekvik-07", NOW + 2 * HOUR) == withdrawal

    def test_an_erasure_that_was_complete_is_pending_again(self, store: Store) -> None:
        store.put_all([official("a"), official("b"), official("c")])
        for each in "ab":
            store.withdraw(each, NOW)
            store.remove(each)
        store.erased("a")
        assert store.complete("abcd") == [], "the files are not scrubbed yet"
        store.scrubbed(store.unscrubbed(), NOW + HOUR)
        assert store.complete("abcd") == ["a"]
        for each in "abcd":
            store.reopen(each)
        assert store.pending() == ["a", "b"]
        assert store.complete("abcd") == []
        with pytest.raises(BadInput, match="her erasure is not complete"):
            store.add(official("a", consents=(Consent(("*",), NOW + HOUR),)))
        store.erased("a")
        store.scrubbed(store.unscrubbed(), NOW + 2 * HOUR)
        store.add(official("a", consents=(Consent(("*",), NOW + HOUR),)))
        store.reopen("a")
        assert (store.complete("abcd"), store.pending()) == ([], ["b"]), "what is held now is held by a new consent"

    def test_tells_how_the_erasures_stand(self, store: Store) -> None:
        assert store.erasures() == Erasures(0, None, 0, 0.0)
        store.put_all([official("a"), official("b"), official("ekvik-07")])
        store.withdraw("a", NOW)
        store.withdraw("b", NOW + HOUR)
        assert store.erasures() == Erasures(2, NOW, 0, 0.0)
        store.erased("a")
        assert store.erasures() == Erasures(2, NOW, 0, 0.0), "the files are not scrubbed yet"
        store.scrubbed(store.unscrubbed(), NOW + HOUR)
        assert store.erasures() == Erasures(1, NOW + HOUR, 1, 3600.0)

    def test_an_import_does_not_revive_a_consent_while_the_erasure_runs(self, store: Store) -> None:
        store.add(official())
        store.withdraw("ekvik-07", NOW)
        with pytest.raises(BadInput, match="erasure is not complete"):
            store.put_all([official(consents=(Consent(("*",), NOW + HOUR),))])

    @pytest.mark.parametrize(
        "consents",
        [
            (Consent(("*",), START),),
            (Consent(("*",), START, NOW + HOUR),),
            (Consent(("*",), NOW),),
            (Consent(("*",), START), Consent(("*",), NOW + HOUR)),
            (Consent(("*",), START, NOW),),
        ],
    )
    def test_an_import_does_not_revive_a_withdrawn_consent(self, store: Store, consents: tuple[Consent, ...]) -> None:
        erase(store)
        with pytest.raises(BadInput, match="official 2: withdrew all consent at 2026-09-14T06:00:00Z"):
            store.put_all([official("other"), official(consents=consents)])
        with pytest.raises(BadInput, match="withdrew all consent"):
            store.add(official(consents=consents))
        assert store.officials() == []

    def test_who_withdrew_comes_back_with_a_later_consent(self, store: Store) -> None:
        erase(store)
        again = official(consents=(Consent(("*",), START, NOW), Consent(("feed",), NOW + HOUR)))
        assert store.put_all([again]) == Imported(1, 0, 0)
        assert store.put_all([again]) == Imported(0, 0, 1)
        with pytest.raises(BadInput, match="withdrew all consent"):
            store.put_all([official()])
        assert store.withdraw("ekvik-07", NOW + 2 * HOUR).at == NOW + 2 * HOUR
        assert store.pending() == ["ekvik-07"]
        withdrawal = store.withdrawal("ekvik-07")
        assert withdrawal is not None
        assert withdrawal.removed == {}

    def test_the_ledger_tells_what_was_agreed_to_and_how(self, store: Store) -> None:
        first, second = Consent(("*",), START), Consent(("feed",), NOW, recipients=("Stab",))
        store.put_all([official(consents=(first,)), official("other")])
        store.change(official(consents=(second,)), given=PORTAL)
        store.withdraw("ekvik-07", NOW + HOUR, given=PORTAL)
        ended = replace(second, until=NOW + HOUR)
        assert [(each.number, each.act, each.consents, each.recipients) for each in store.ledger("ekvik-07")] == [
            (1, "given", (first,), ("Beredskap",)),
            (2, "changed", (second,), ()),
            (3, "withdrawn", (ended,), ()),
        ]
        file, portal, withdrawn = store.ledger("ekvik-07")
        assert (file.how, file.by, file.wording, file.purpose, file.at) == ("file", "", "", PURPOSE, NOW)
        assert (portal.how, portal.by, portal.wording, portal.language) == ("portal", "anna", "2026-11", "fi")
        assert withdrawn.at == NOW + HOUR
        assert [each.act for each in store.ledger("other")] == ["given"]
        assert store.ledger("nobody") == []

    def test_the_ledger_tells_only_of_changes_of_consent(self, store: Store) -> None:
        store.add(official())
        store.add(official("other"))
        revision = store.revision()
        store.change(official(), given=PORTAL)
        assert store.revision() == revision
        store.change(official(role="other", wishes=Wishes("never")), given=PORTAL)
        store.put_all([official(forms=("Ankan",))])
        assert len(store.ledger("ekvik-07")) == 1
        stab = Contact("Stab", "outbox", "stab@ekvik.example", "sv")
        store.change(official(contacts=(*official().contacts, stab)), given=PORTAL)
        assert [each.recipients for each in store.ledger("ekvik-07")] == [("Beredskap",), ("Beredskap", "Stab")]

    def test_a_consent_after_one_that_ended_is_given_anew(self, store: Store) -> None:
        store.add(official(consents=(Consent(("*",), START, NOW - HOUR),)))
        store.change(official(consents=(Consent(("*",), NOW),)), given=PORTAL)
        store.change(official(consents=(Consent(("*",), NOW - HOUR, NOW),)), given=PORTAL)
        assert [each.act for each in store.ledger("ekvik-07")] == ["given", "given", "withdrawn"]

    def test_a_change_is_checked_as_an_import_is(self, store: Store) -> None:
        with pytest.raises(BadInput, match="no official has this id"):
            store.change(official(), given=PORTAL)
        store.add(official())
        with pytest.raises(BadInput, match="contacts is missing"):
            store.change(official(contacts=()), given=PORTAL)
        store.withdraw("ekvik-07", NOW)
        with pytest.raises(BadInput, match="erasure is not complete"):
            store.change(official(role="x"), given=PORTAL)
        assert [each.act for each in store.ledger("ekvik-07")] == ["given", "withdrawn"]

    def test_a_file_does_not_overrule_what_she_has_said_on_the_portal(self, store: Store) -> None:
        her = official(consents=(Consent(("*",), START, text=False),), wishes=Wishes("daily"))
        store.add(official())
        store.add(official("other"))
        store.change(her, given=PORTAL)
        with pytest.raises(BadInput, match=r"official 2: has said on the portal at 2026-09-14T06:00:00Z"):
            store.put_all([official("other", role="x"), official()])
        assert store.get("other") == official("other")
        assert store.put_all([official(consents=her.consents, role="x")]) == Imported(0, 1, 0)
        assert store.get("ekvik-07").wishes == her.wishes, "the file says nothing of them"
        later = (replace(her.consents[0], until=NOW + HOUR), Consent(("feed",), NOW + HOUR))
        with pytest.raises(BadInput, match="on the portal"):
            store.put_all([official(consents=later)])
        later = (her.consents[0], Consent(("feed",), NOW + HOUR))
        assert store.put_all([official(consents=later)], given=Given("paper")) == Imported(0, 1, 0)
        assert [each.how for each in store.ledger("ekvik-07")] == ["command", "portal", "paper"]

    def test_nothing_of_the_ledger_outlives_an_erasure(self, store: Store) -> None:
        erase(store)
        assert store.ledger("ekvik-07") == []
        store.add(official(consents=(Consent(("feed",), NOW + HOUR),)))
        assert [(each.number, each.act) for each in store.ledger("ekvik-07")] == [(1, "given")]

    def test_a_tenant_comes_into_being_with_its_first_official(self, store: Store) -> None:
        assert store.tenants() == []
        store.put_all([official("a", municipality="Håby"), official("b", country="FI"), official("c", country="SE")])
        store.add(official("d", municipality="", tenant="region_nord"))
        assert store.tenants() == [
            Tenant("ekvik", "municipality", "Ekvik", "FI"),
            Tenant("haaby", "municipality", "Håby", "SE"),
            Tenant("region_nord", "municipality", "region_nord", "SE"),
        ]

    def test_a_tenant_keeps_its_rules(self, store: Store) -> None:
        store.add(official())
        revision = store.revision()
        changed = Tenant("ekvik", "region", "Region Ekvik", "SE", {"low": 14})
        store.put_tenant(changed)
        assert store.tenant("ekvik") == changed
        assert store.revision() == revision
        store.add(official("another"))
        assert store.tenants() == [changed]

    def test_a_tenant_that_is_wrong_or_not_there_is_refused(self, store: Store) -> None:
        with pytest.raises(BadInput, match="no tenant has this id"):
            store.tenant("ekvik")
        for wrong in (
            Tenant("Ekvik", "region", "Ekvik", "SE"),
            Tenant("ekvik", "region", " ", "SE"),
            Tenant("ekvik", "region", "Ekvik", "SE", {"low": -1}),
            Tenant("ekvik", "region", "Ekvik", "SE", {"lowest": 1}),
        ):
            with pytest.raises(BadInput, match="tenant: "):
                store.put_tenant(wrong)


def erase(store: Store) -> None:
    store.add(official())
    store.withdraw("ekvik-07", NOW)
    store.note("ekvik-07", "registry", int(store.remove("ekvik-07")))
    store.erased("ekvik-07")
    store.scrubbed(store.unscrubbed(), NOW + HOUR)
