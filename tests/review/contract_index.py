"""What every index promises; run over each implementation by test_indexes.py."""

import json
from dataclasses import replace

import pytest

from alerts.alert import NOT_ARRIVED
from classify.verdict import Verdict
from flow.errors import BadInput
from ingest.post import Mention
from registry.holder import Part
from review.decision import Decision, false_alarm, taken_back
from review.index import Age, Index, Query, age_of, place_of, write_place
from review.indexes.memory import MemoryIndex
from tests.review.people import alert, at, decision, delivery, verdict


def found(index: Index, **query: object) -> list[str]:
    return [item.verdict.post.id.partition(":")[2] for item in index.search(Query(**query)).items]  # type: ignore[arg-type]


class IndexContract:
    @pytest.fixture
    def index(self) -> Index:
        raise NotImplementedError

    def test_an_empty_index_answers(self, index: Index) -> None:
        assert index.search(Query()).items == ()
        assert index.search(Query()).next is None
        assert index.get("jsonl:1") is None
        assert index.counts().verdicts == 0
        assert list(index.ids()) == []
        assert list(index.facts({"anna": "habo"}, since=at(0), until=at(9))) == []
        assert index.held(["jsonl:1"]) == set()
        assert index.erase("anna") == index.forget(["jsonl:1"]) == index.forget([]) == index.expire(at(9)) == 0

    def test_gives_back_what_was_written(self, index: Index) -> None:
        first = verdict(severity="high", labels=("threat",))
        index.write_verdicts([first])
        index.write_alerts([alert(first)])
        index.write_deliveries([delivery(alert(first))])
        index.write_decisions([decision("jsonl:1")])
        item = index.get("jsonl:1")
        assert item is not None
        assert item.verdict == first
        assert [(raised.rule, raised.official, raised.severity) for raised in item.alerts] == [
            ("grave", "anna", "high")
        ]
        assert item.deliveries == (delivery(alert(first)),)
        assert item.decision == decision("jsonl:1")
        assert index.search(Query()).items == (item,)

    def test_each_tenant_decides_for_itself(self, index: Index) -> None:
        index.write_verdicts([verdict("1", officials=("anna", "bo"), judged=1), verdict("2", judged=2)])
        hers, his = decision("jsonl:1", minutes=2, tenant="haabo"), decision("jsonl:1", "false-alarm", tenant="habo")
        index.write_decisions([his, hers, decision("jsonl:1", "false-alarm", minutes=1, tenant="haabo")])
        item = index.get("jsonl:1")
        assert item is not None
        assert item.decisions == (hers, his)
        assert found(index, decision="confirmed") == found(index, decision="false-alarm") == ["1"]
        assert found(index, decision="none") == ["2"]
        outcomes = ("confirmed", "false-alarm", "none")
        assert [found(index, decision=each, decided_by=("haabo",)) for each in outcomes] == [["1"], [], ["2"]]
        assert [found(index, decision=each, decided_by=("oevik",)) for each in outcomes] == [[], [], ["2", "1"]]
        index.write_decisions([decision("jsonl:1", minutes=4), decision("jsonl:2", minutes=4)])
        assert [found(index, decision=each, decided_by=("habo",)) for each in outcomes] == [["2"], ["1"], []]
        facts = list(index.facts({"anna": "haabo", "bo": "habo"}, since=at(0), until=at(3)))
        assert sorted((each.official, each.decided_seconds) for each in facts) == [
            ("anna", 60),
            ("anna", 120),
            ("bo", 240),
        ]
        assert index.counts().decisions == 2

    def test_takes_in_what_another_index_held(self, index: Index) -> None:
        other = MemoryIndex()
        first, second = verdict("a", severity="high", labels=("threat",), judged=1), verdict("b", judged=2)
        other.write_verdicts([first, second])
        other.write_alerts([alert(first)])
        other.write_deliveries([delivery(alert(first))])
        other.write_decisions([decision("jsonl:b")])
        items = other.search(Query()).items
        index.write_items(items)
        index.write_items(items[:1])
        assert index.search(Query()).items == items
        assert index.counts() == other.counts()

    def test_newest_first(self, index: Index) -> None:
        index.write_verdicts([verdict("a", judged=1), verdict("c", judged=3), verdict("b", judged=2)])
        index.write_verdicts([verdict("d", judged=2, created=1), verdict("e", judged=2)])
        assert found(index) == ["c", "d", "e", "b", "a"]

    def test_pages_follow_one_another_though_new_ones_arrive(self, index: Index) -> None:
        index.write_verdicts([verdict(str(number), judged=number) for number in range(7)])
        first = index.search(Query(limit=3))
        index.write_verdicts([verdict("new", judged=99)])
        second = index.search(Query(limit=3, after=first.next))
        last = index.search(Query(limit=3, after=second.next))
        pages = [[item.verdict.post.id for item in page.items] for page in (first, second, last)]
        assert pages == [["jsonl:6", "jsonl:5", "jsonl:4"], ["jsonl:3", "jsonl:2", "jsonl:1"], ["jsonl:0"]]
        assert last.next is None

    def test_a_full_last_page_has_no_next(self, index: Index) -> None:
        index.write_verdicts([verdict("a"), verdict("b")])
        assert index.search(Query(limit=2)).next is None
        assert index.search(Query(limit=-5)).next is not None

    @pytest.mark.parametrize("after", ["", "nonsense", "WzFd", "å", "bnVsbA"])
    def test_a_place_from_nowhere_is_refused(self, index: Index, after: str) -> None:
        with pytest.raises(BadInput):
            index.search(Query(after=after))
        with pytest.raises(BadInput):
            index.newer(Query(), after)

    def test_counts_newer_ones(self, index: Index) -> None:
        old = verdict("old", judged=1)
        index.write_verdicts([old])
        than = write_place(place_of(old))
        assert index.newer(Query(), than) == 0
        index.write_verdicts([verdict(str(each), judged=2, severity="low") for each in range(5)])
        assert index.newer(Query(), than) == 5
        assert index.newer(Query(flagged=False), than) == 0
        assert index.newer(Query(), than, most=3) == 3

    def test_filters(self, index: Index) -> None:
        threat = verdict("threat", severity="high", labels=("threat", "hate"), judged=1)
        index.write_verdicts([threat])
        index.write_verdicts([verdict("low", severity="low", labels=("harassment",), officials=("bo",), judged=2)])
        index.write_verdicts([verdict("calm", language="fi", source="feed", officials=("bo", "anna"), judged=3)])
        index.write_verdicts([verdict("dumb", unable="too-short", language="other", judged=4)])
        index.write_alerts([alert(threat)])
        index.write_decisions([decision("jsonl:threat"), decision("jsonl:low", "false-alarm")])
        assert found(index, official="anna") == ["dumb", "calm", "threat"]
        assert found(index, official="nobody") == []
        assert found(index, officials=("anna", "nobody")) == ["dumb", "calm", "threat"]
        assert found(index, officials=("anna", "bo")) == ["dumb", "calm", "low", "threat"]
        assert found(index, officials=("bo",), official="anna") == ["calm"]
        assert found(index, officials=()) == found(index, officials=("nobody",)) == []
        assert found(index, label="hate") == found(index, severity="medium") == ["threat"]
        assert found(index, severity="low") == found(index, flagged=True) == ["low", "threat"]
        assert len(found(index, severity="none")) == 4
        assert found(index, flagged=False) == ["dumb", "calm"]
        assert found(index, alerted=True) == ["threat"]
        assert found(index, alerted=False) == ["dumb", "calm", "low"]
        assert found(index, source="feed") == found(index, language="fi") == ["calm"]
        assert found(index, since=at(2), until=at(4)) == ["calm", "low"]
        assert found(index, decision="confirmed") == ["threat"]
        assert found(index, decision="false-alarm") == ["low"]
        assert found(index, decision="none") == ["dumb", "calm"]
        assert found(index, unable=True) == ["dumb"]
        assert found(index, unable=False, official="bo", flagged=True) == ["low"]

    def test_facts_without_texts(self, index: Index) -> None:
        threat = verdict("a", severity="high", labels=("threat", "hate"), officials=("anna", "bo"), judged=1)
        index.write_verdicts([threat, verdict("b", judged=2, collected=1, source="feed")])
        index.write_verdicts([verdict("c", "", unable="no-text", judged=3), verdict("late", judged=9)])
        index.write_decisions([decision("jsonl:a", minutes=31)])
        told = {
            (each.official, each.judged_at): each
            for each in index.facts({"anna": "habo", "bo": "habo"}, since=at(1), until=at(9))
        }
        assert told.keys() == {("anna", at(1)), ("bo", at(1)), ("anna", at(2)), ("anna", at(3))}
        first, calm = told["anna", at(1)], told["anna", at(2)]
        assert (first.labels, first.severity, first.flagged, first.unable) == (("threat", "hate"), "high", True, False)
        assert first.decided_seconds == told["bo", at(1)].decided_seconds == 1800
        assert (calm.source, calm.collected_at, calm.flagged, calm.decided_seconds) == ("feed", at(1), False, None)
        assert told["anna", at(3)].unable
        assert len({each.post for each in told.values() if each.official == "anna"}) == 3
        assert [each.official for each in index.facts({"bo": "habo"}, since=at(0), until=at(9))] == ["bo"]
        assert list(index.facts({}, since=at(0), until=at(9))) == []

    def test_full_text(self, index: Index) -> None:
        index.write_verdicts([verdict("sv", "Åkes ÖPPNA brev om bron på torget", judged=1)])
        index.write_verdicts([verdict("fi", "Sillan äärellä: kävelin torille, ääneti", judged=2)])
        assert found(index, text="öppna") == found(index, text="åkes ÖPPNA") == ["sv"]
        assert found(index, text="oppna") == found(index, text="akes") == []
        assert found(index, text='"bron på torget"') == ["sv"]
        assert found(index, text='"torget på bron"') == []
        assert found(index, text="tor*") == ["fi", "sv"]
        assert found(index, text='"kävelin tor"*') == ["fi"]
        assert found(index, text="brev sillan") == []
        assert found(index, text="ÄÄRELLÄ") == ["fi"]

    def test_marks_in_a_text_what_was_found(self, index: Index) -> None:
        sv = verdict("sv", "Åkes ÖPPNA brev: åke, om bron på torget. Bron!", judged=1)
        fi = verdict("fi", "😀 Sillan äärellä kävelin torille", language="fi", judged=2)
        index.write_verdicts([sv, fi])

        def marked(text: str) -> list[list[str]]:
            places = index.highlight(text, [sv, fi])
            assert [bool(each) for each in places] == [name in found(index, text=text) for name in ("sv", "fi")]
            return [
                [each.post.text[start:end] for start, end in those]
                for each, those in zip((sv, fi), places, strict=True)
            ]

        assert marked("öppna") == [["ÖPPNA"], []]
        assert marked("oppna") == marked("akes") == marked("!") == marked("") == [[], []]
        assert marked("bron") == [["bron", "Bron"], []]
        assert marked("ÄÄRELLÄ") == [[], ["äärellä"]]
        assert marked('"bron på torget"') == [["bron på torget"], []]
        assert marked('"torget på bron"') == [[], []]
        assert marked('"torget bron"') == [["torget. Bron"], []], "marks of punctuation part no words"
        assert marked("tor*") == [["torget"], ["torille"]]
        assert marked('"kävelin tor"*') == [[], ["kävelin torille"]]
        assert marked('bron "om bron"')[0] == ["om bron", "bron", "Bron"]
        assert index.highlight("bron", []) == []

    @pytest.mark.parametrize("run", ["x" * 255, "x" * 256, "𐒫" * 127, "𐒫" * 128, "𐒫" * 255])
    def test_a_run_of_letters_marks_nothing_else(self, index: Index, run: str) -> None:
        post = verdict("a", f"{run} bron {run} torget")
        index.write_verdicts([post])
        assert [[post.post.text[start:end] for start, end in each] for each in index.highlight("bron", [post])] == [
            ["bron"]
        ]

    @pytest.mark.parametrize(
        "text",
        [
            '"',
            '"bron på',
            "bron)",
            "NOT",
            "a AND",
            "text: x",
            "*",
            '"" *',
            "^bron",
            "{x}:y",
            "😀",
            "\x00",
            "\ud800",
            " ",
        ],
    )
    def test_no_text_query_fails(self, index: Index, text: str) -> None:
        index.write_verdicts([verdict("a", "bron på torget")])
        assert all(0 <= start < end for start, end in index.highlight(text, [verdict("a", "bron på torget")])[0])
        assert found(index, text=text) in ([], ["a"])
        assert found(index, text='"bron på') == ["a"]
        assert found(index, text="*") == []

    def test_a_later_version_replaces_text_mentions_and_labels(self, index: Index) -> None:
        index.write_verdicts([verdict("a", "gammal text", severity="high", labels=("threat",))])
        new = verdict("a", "ny text", officials=("bo",), edited=3, judged=3)
        index.write_verdicts([new])
        index.write_verdicts([verdict("a", "gammal text", severity="high", labels=("threat",), judged=9)])
        assert found(index, text="gammal") == found(index, official="anna") == found(index, label="threat") == []
        assert found(index, text="ny") == found(index, official="bo") == ["a"]
        assert index.counts().verdicts == 1

    def test_a_later_judgement_of_the_same_version_replaces(self, index: Index) -> None:
        index.write_verdicts([verdict("a", severity="low", judged=2), verdict("a", severity="none", judged=1)])
        assert found(index, severity="low") == ["a"]

    def test_delivered_is_final(self, index: Index) -> None:
        first = verdict("a")
        raised = alert(first)
        index.write_verdicts([first])
        index.write_deliveries([delivery(raised, state="delivered", minutes=2)])
        index.write_deliveries([delivery(raised, state="failed", minutes=9)])
        assert index.counts().deliveries == {"waiting": 0, "delivered": 1, "failed": 0, "withdrawn": 0}

    def test_what_was_delivered_has_failed_if_its_service_says_so_later(self, index: Index) -> None:
        first = verdict("a")
        raised = alert(first)
        index.write_verdicts([first])
        back = delivery(raised, state="failed", minutes=9, reason=NOT_ARRIVED)
        index.write_deliveries([back, delivery(raised, state="delivered", minutes=2)])
        assert index.counts().deliveries["failed"] == 1
        index.write_deliveries([delivery(raised, state="delivered", minutes=11)])  # and later still that it has arrived
        assert index.counts().deliveries["delivered"] == 1

    def test_later_states_and_decisions_win(self, index: Index) -> None:
        raised = alert(verdict("a"))
        index.write_deliveries([delivery(raised, minutes=3, state="failed"), delivery(raised, minutes=2)])
        index.write_decisions([decision("jsonl:a", "false-alarm", minutes=6), decision("jsonl:a", minutes=5)])
        index.write_verdicts([verdict("a")])
        assert index.counts().deliveries["failed"] == 1
        assert found(index, decision="false-alarm") == ["a"]

    def test_what_is_taken_back_counts_as_never_decided(self, index: Index) -> None:
        index.write_verdicts([verdict("a")])
        index.write_alerts([alert(verdict("a"))])
        back, installation = decision("jsonl:a", "taken-back", minutes=6, tenant="habo"), decision("jsonl:a", minutes=1)
        index.write_decisions([back, decision("jsonl:a", "false-alarm", minutes=5, tenant="habo")])
        outcomes = ("confirmed", "false-alarm", "none")
        item = index.get("jsonl:a")
        assert item is not None
        assert item.decision is None
        assert index.counts().decisions == 0
        assert [found(index, decision=each) for each in outcomes] == [[], [], ["a"]]
        assert [found(index, decision=each, decided_by=("habo",)) for each in outcomes] == [[], [], ["a"]]
        assert [each.decided_seconds for each in index.facts({"anna": "habo"}, since=at(0), until=at(3))] == [None]
        assert [[item.verdict.post.id for item in page] for page in index.old("open-case", at(99))] == [["jsonl:a"]]
        index.write_decisions([installation])
        assert [found(index, decision=each, decided_by=("habo",)) for each in outcomes] == [["a"], [], []]

    def test_what_was_confirmed_before_a_false_alarm_is_confirmed_again_once_that_is_taken_back(
        self, index: Index
    ) -> None:
        def held() -> tuple[Decision, ...]:
            item = index.get("jsonl:a")
            return () if item is None else item.decisions

        index.write_verdicts([verdict("a")])
        confirmed = decision("jsonl:a", minutes=5, tenant="habo")
        index.write_decisions([confirmed])
        false = false_alarm("jsonl:a", held(), tenant="habo", by="Kim", at=at(6))
        back = taken_back("jsonl:a", [false], tenant="habo", by="Kim", called_by="Kim", at=at(7))
        # That it was a false alarm may come to the index later than that it was none.
        assert taken_back("jsonl:a", held(), tenant="habo", by="Kim", called_by="Kim", at=at(7)) == back
        index.write_decisions([false])
        assert held() == (false,)
        assert found(index, decision="confirmed", decided_by=("habo",)) == []
        index.write_decisions([taken_back("jsonl:a", held(), tenant="habo", by="Kim", called_by="Kim", at=at(7))])
        assert held() == (replace(confirmed, at=at(7)),)
        assert found(index, decision="confirmed", decided_by=("habo",)) == ["a"]
        assert index.counts().decisions == 1

    def test_an_alert_or_decision_may_come_first(self, index: Index) -> None:
        first = verdict("a")
        index.write_alerts([alert(first)])
        index.write_decisions([decision("jsonl:a")])
        assert found(index) == []
        assert index.held(["jsonl:a", "jsonl:b"]) == {"jsonl:a"}
        index.write_verdicts([first])
        assert found(index, alerted=True, decision="confirmed") == ["a"]

    def test_counts(self, index: Index) -> None:
        first = verdict("a", severity="critical", labels=("threat", "sexual"))
        index.write_verdicts([first, verdict("b", severity="low", labels=("threat",)), verdict("c", unable="no-text")])
        index.write_alerts([alert(first)])
        index.write_deliveries([delivery(alert(first))])
        index.write_decisions([decision("jsonl:a")])
        counts = index.counts()
        assert (counts.verdicts, counts.unable, counts.alerts, counts.decisions) == (3, 1, 1, 1)
        assert counts.labels == {
            "threat": 2, "hate": 0, "harassment": 0, "sexual": 1, "doxxing": 0, "influence": 0,
        }  # fmt: skip
        assert counts.severities == {"none": 0, "low": 1, "medium": 0, "high": 0, "critical": 1}
        assert counts.deliveries == {"waiting": 1, "delivered": 0, "failed": 0, "withdrawn": 0}

    def test_activity_by_the_hour(self, index: Index) -> None:
        index.write_verdicts([verdict("before", judged=-1), verdict("a", judged=0), verdict("b", judged=59.9)])
        index.write_verdicts(
            [
                verdict("c", judged=60, severity="high"),
                verdict("d", judged=61, unable="no-text"),
                verdict("behind", judged=180),
            ]
        )
        assert index.activity(at(0), hours=3) == [{"none": 2}, {"high": 1, "unable": 1}, {}]

    def test_posts_of_an_author(self, index: Index) -> None:
        index.write_verdicts([verdict("b"), verdict("a"), verdict("c", author="u2"), verdict("d", source="feed")])
        index.write_verdicts([verdict("e", author=None)])
        assert index.posts_of("jsonl", "u1") == ["jsonl:a", "jsonl:b"]

    def test_post_of_an_alert(self, index: Index) -> None:
        raised = alert(verdict("a"))
        assert index.post_of(raised.id) is None
        index.write_alerts([raised])
        assert index.post_of(raised.id) == "jsonl:a"
        index.forget(["jsonl:a"])
        assert index.post_of(raised.id) is None

    def test_ids_go_on_while_posts_go_away(self, index: Index) -> None:
        index.write_verdicts([verdict(name) for name in "cab"])
        ids = index.ids()
        assert next(ids) == "jsonl:a"
        index.forget(["jsonl:a"])
        assert list(ids)[-1] == "jsonl:c"

    def test_forget_leaves_nothing_of_a_post(self, index: Index) -> None:
        self._two_posts(index)
        assert index.forget(["jsonl:hers", "jsonl:unknown"]) == 4
        assert index.held(["jsonl:hers", "jsonl:both"]) == {"jsonl:both"}
        assert found(index, text="ensam") == []
        assert index.forget(["jsonl:hers"]) == 0

    def test_erase_keeps_what_also_mentions_another(self, index: Index) -> None:
        both = self._two_posts(index)
        assert index.count("anna") == 8
        assert index.officials() == {"anna", "bo"}
        # Two posts; her alerts and deliveries on both; the decision on the post that goes.
        assert index.erase("anna") == 7
        assert index.count("anna") == index.erase("anna") == 0
        assert index.export("anna") == []
        assert {"bo"} <= index.officials() <= {"anna", "bo"}
        assert found(index) == found(index, official="bo") == ["both"]
        assert found(index, official="anna") == []
        item = index.get("jsonl:both")
        assert item is not None
        others = tuple(each for each in both.post.mentions if each.official == "bo")
        assert item.verdict == replace(both, post=replace(both.post, mentions=others, reply_to=()))
        assert [raised.official for raised in item.alerts] == ["bo"]
        assert [sent.official for sent in item.deliveries] == ["bo"]
        assert item.decision is not None
        assert found(index, text="tillsammans") == ["both"]

    def test_erase_takes_alerts_that_came_before_their_verdict(self, index: Index) -> None:
        index.write_alerts([alert(verdict("a"))])
        assert index.officials() == {"anna"}
        assert index.count("anna") == index.erase("anna") == 1

    def test_erase_of_a_source_leaves_the_others(self, index: Index) -> None:
        both = self._two_posts(index)
        of_a_feed = verdict("hers", "om vägen", source="jsonl-2")
        index.write_verdicts([of_a_feed])
        index.write_alerts([alert(of_a_feed)])
        source = Part("source", "jsonl-2")
        assert (index.count("anna", source), index.count("anna", Part("source", "jsonl"))) == (2, 8)
        index.write_deliveries([delivery(alert(verdict("early", source="jsonl-2")))])
        assert index.erase("anna", source) == 3
        assert index.count("anna", source) == index.erase("anna", source) == 0
        assert index.count("anna") == 8
        assert index.erase("anna", Part("source", "jsonl")) == 7
        assert index.count("anna") == 0
        item = index.get(both.post.id)
        assert item is not None
        assert item.verdict.officials == {"bo"}
        assert found(index, official="anna") == []

    def test_names_no_recipient(self, index: Index) -> None:
        self._two_posts(index)
        recipient = Part("recipient", "Beredskap")
        assert index.count("anna", recipient) == index.erase("anna", recipient) == 0
        assert index.count("anna") == 8

    def test_export_tells_an_official_nothing_about_others(self, index: Index) -> None:
        self._two_posts(index)
        exported = index.export("anna")
        assert len(exported) == index.count("anna")
        assert sorted(each["kind"] for each in exported) == [
            "alert", "alert", "decision", "decision", "delivery", "delivery", "verdict", "verdict",
        ]  # fmt: skip
        assert '"bo"' not in json.dumps(exported)
        assert "bron" in json.dumps(exported)

    def _two_posts(self, index: Index) -> Verdict:
        hers = verdict("hers", "ensam om bron")
        mentions = (Mention("anna", 0, 4, "form"), Mention("bo", 5, 9, "form"))
        both = verdict("both", "tillsammans om bron", mentions=mentions)
        index.write_verdicts([hers, both])
        alerts = [alert(hers), alert(both), alert(both, official="bo")]
        index.write_alerts(alerts)
        index.write_deliveries([delivery(each) for each in alerts])
        index.write_decisions([decision("jsonl:hers"), decision("jsonl:both")])
        return both

    def test_expire_by_age_and_kind(self, index: Index) -> None:
        def fill() -> None:
            flagged = verdict("old-flagged", severity="low", labels=("hate",), collected=1)
            index.write_verdicts([flagged, verdict("old", collected=1), verdict("new", collected=5)])
            index.write_alerts([alert(flagged)])

        fill()
        assert index.expire(at(5), flagged=False) == 1
        assert sorted(found(index)) == ["new", "old-flagged"]
        assert index.expire(at(5), flagged=True) == 2
        fill()
        assert index.expire(at(5)) == 3
        assert found(index) == ["new"]

    def test_old_posts_by_what_they_are_kept_by(self, index: Index) -> None:
        kinds = {
            "plain": verdict("plain", collected=1),
            "label": verdict("label", labels=("hate",), collected=1),
            "low": verdict("low", severity="low", labels=("hate",), collected=1),
            "medium": verdict("medium", severity="medium", labels=("hate",), collected=1),
            "critical": verdict("critical", severity="critical", labels=("threat",), collected=1),
            "open": verdict("open", severity="high", labels=("threat",), collected=1),
            "closed": verdict("closed", collected=1),
            "decided": verdict("decided", collected=1),
            "new": verdict("new", collected=5),
        }
        index.write_verdicts(list(kinds.values()))
        index.write_alerts([alert(kinds["open"]), alert(kinds["closed"]), alert(verdict("unjudged"), raised=1)])
        index.write_decisions([decision("jsonl:closed"), decision("jsonl:decided")])

        def old(age: Age) -> list[str]:
            items = [item for page in index.old(age, at(5)) for item in page]
            assert {age_of(item) for item in items} == {age}
            return sorted(item.verdict.post.id.removeprefix("jsonl:") for item in items)

        assert old("unflagged") == ["decided", "plain"]
        assert old("low") == ["label", "low"]
        assert old("flagged") == ["critical", "medium"]
        assert old("open-case") == ["open"]
        assert old("case") == ["closed"]
        assert [list(page) for page in index.old("low", at(1)) if page] == []

    def test_old_posts_may_be_removed_while_they_are_read(self, index: Index) -> None:
        index.write_verdicts([verdict(f"{number:04}", collected=1) for number in range(1200)])
        gone = 0
        for page in index.old("unflagged", at(5)):
            gone += index.forget([item.verdict.post.id for item in page])
        assert gone == 1200
        assert found(index) == []

    def test_expire_takes_what_never_got_a_verdict(self, index: Index) -> None:
        index.write_alerts([alert(verdict("a"), raised=1)])
        index.write_decisions([decision("jsonl:b", minutes=6)])
        assert index.expire(at(5), flagged=False) == 0
        assert index.expire(at(5)) == 1
        assert index.held(["jsonl:a", "jsonl:b"]) == {"jsonl:b"}
