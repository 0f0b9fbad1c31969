import asyncio
import json
import os
import shutil
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.clock import ManualClock
from flow.errors import BadInput, Broken
from ingest.collector import Collected, Deletion, Item, Rejected
from ingest.collectors.jsonl import Jsonl
from ingest.formats.lines import parse_line
from ingest.formats.tail import Splitter, Tail
from ingest.post import Post
from tests.ingest.collectors.contract import CollectorContract, Polls, ids, take

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLOCK = ManualClock(NOW)


def line(id: object, **more: object) -> bytes:
    fields = {"source": "forum", "id": id, "text": f"text {id}", "created_at": "2026-10-01T08:00:00Z", **more}
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def jsonl(path: Path | str, **settings: object) -> Jsonl:
    return Jsonl(path=str(path), clock=CLOCK, **settings)  # type: ignore[arg-type]


async def everything(collector: Jsonl, cursor: str | None = None) -> list[Item]:
    return [item for collected in await take(collector, cursor, until=10**9) for item in collected.items]


class FileSource:
    repeats = False

    def __init__(self, path: Path, *, follow: bool) -> None:
        self._path, self._follow = path, follow
        self.ids = [f"forum:{n}" for n in range(1200)]
        path.write_bytes(b"".join(line(str(n)) for n in range(1200)))

    def collector(self) -> Jsonl:
        return jsonl(self._path, follow=self._follow)


class TestFile(CollectorContract):
    @pytest.fixture(params=[False, True], ids=["once", "follow"])
    def source(self, tmp_path: Path, request: pytest.FixtureRequest) -> FileSource:
        return FileSource(tmp_path / "posts.jsonl", follow=request.param)


class FolderSource(FileSource):
    def __init__(self, folder: Path) -> None:
        self._path, self._follow = folder, False
        self.ids = []
        for name in ("a", "b", "c"):
            names = [f"{name}{n}" for n in range(300)]
            (folder / f"{name}.jsonl").write_bytes(b"".join(map(line, names)))
            self.ids += [f"forum:{each}" for each in names]
        (folder / "notes.txt").write_text("no posts")


class TestFolder(CollectorContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> FolderSource:
        return FolderSource(tmp_path)


async def followed(path: Path, polls: Polls, *, until: int, cursor: str | None = None) -> list[Collected]:
    return await take(jsonl(path, follow=True, sleep=polls), cursor, until=until)


def appends(path: Path, data: bytes) -> object:
    def append() -> None:
        with path.open("ab") as file:
            file.write(data)

    return append


async def test_a_growing_file_is_followed_and_a_partial_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    second = line("2")
    path.write_bytes(line("1") + second[:10])
    polls = Polls(lambda: None, appends(path, second[10:30]), appends(path, second[30:] + line("3")))
    taken = await followed(path, polls, until=3)
    assert [ids(each.items) for each in taken] == [["forum:1"], ["forum:2", "forum:3"]]
    assert polls.slept == [1.0, 1.0, 1.0]
    assert json.loads(taken[0].cursor or "")["posts.jsonl"][1] == len(line("1"))


async def test_a_new_file_in_a_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line("1"))
    polls = Polls(lambda: (tmp_path / "b.jsonl").write_bytes(line("2")))
    taken = await followed(tmp_path, polls, until=2)
    assert [ids(each.items) for each in taken] == [["forum:1"], ["forum:2"]]
    assert set(json.loads(taken[1].cursor or "")) == {"a.jsonl", "b.jsonl"}


async def test_the_rest_of_a_rotated_file_comes_before_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(line("1"))

    def rotate() -> None:
        with path.open("ab") as file:
            file.write(line("2") + line("3").rstrip())
        path.rename(tmp_path / "posts.jsonl.1")
        path.write_bytes(line("4"))

    taken = await followed(path, Polls(rotate), until=4)
    assert ids([item for each in taken for item in each.items]) == ["forum:1", "forum:2", "forum:3", "forum:4"]
    # the same after a restart in between
    again = await followed(path, Polls(), until=3, cursor=taken[0].cursor)
    assert ids([item for each in again for item in each.items]) == ["forum:2", "forum:3", "forum:4"]


async def test_a_file_renamed_within_the_folder_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "now.jsonl"
    path.write_bytes(line("1"))

    def rotate() -> None:
        path.rename(tmp_path / "2026-10.jsonl")
        path.write_bytes(line("2"))

    taken = await followed(tmp_path, Polls(rotate), until=2)
    assert ids([item for each in taken for item in each.items]) == ["forum:1", "forum:2"]


@pytest.mark.parametrize("longer", [False, True])
async def test_a_truncated_file_is_read_from_the_start(tmp_path: Path, longer: bool) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(line("1") + line("2"))
    fresh = [line("3")] + [line(str(n)) for n in range(4, 9)] * longer
    taken = await followed(path, Polls(lambda: path.write_bytes(b"".join(fresh))), until=2 + len(fresh))
    assert ids([item for each in taken for item in each.items])[2] == "forum:3"


async def test_a_removed_file_is_forgotten(tmp_path: Path) -> None:
    gone, kept = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    gone.write_bytes(line("1"))

    def swap() -> None:
        gone.unlink()
        kept.write_bytes(line("2"))

    taken = await followed(tmp_path, Polls(swap), until=2)
    assert set(json.loads(taken[-1].cursor or "")) == {"b.jsonl"}


async def test_a_finished_file_may_lack_its_last_line_feed(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line("1") + b"\r\n  \n\n" + line("2").rstrip())
    taken = await take(jsonl(path), None, until=9)
    assert [ids(each.items) for each in taken] == [["forum:1"], ["forum:2"]]
    assert await take(jsonl(path), taken[-1].cursor, until=9) == []


async def test_bad_lines_are_rejected_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    secret = "hemligt"
    bad = {
        b"{" + secret.encode(): "not valid JSON",
        line("1")[:-20]: "truncated",
        b'{"source":"forum"}': "missing required field `id`",
        b'{"source":"forum","id":"1","text":"hemligt"}': "missing required field `created_at`",
        b'{"source":"forum","id":"1","created_at":"2026-10-01T08:00:00Z"}': "missing required field `text`",
        line("1", text=["hemligt"]): "Expected `str | null`, got `array` - at `$.text`",
        line(7): "Expected `str`, got `int` - at `$.id`",
        line(""): "length >= 1",
        line("1", source="Hemligt!"): "matching regex",
        line("1", source="forum\n"): "matching regex",
        line("1", created_at="hemligt"): "created_at is no ISO 8601 time",
        line("1", created_at="2026-10-01T08:00:00"): "created_at has no time zone",
        line("1", created_at="0001-01-01T00:00:00+14:00"): "created_at is no ISO 8601 time",
        line("1", created_at="2026-11-01T12:06:00Z"): "created_at lies in the future",
        line("1", edited_at="2026-11-01T12:06:00Z"): "edited_at lies in the future",
        line("1", reply_to=[1]): "$.reply_to[0]",
        line("1", author="hemligt"): "$.author",
        b'{"source":"forum","id":"hemligt \xff"}': "broken UTF-8",
        b'{"source":"a","x":' + b"[" * 100_000: "JSON nested too deeply",
        b"[]": "Expected `object`",
    }
    path.write_bytes(b"".join(each.rstrip(b"\n") + b"\n" for each in bad))
    items = await everything(jsonl(path))
    start = 0
    for number, (item, (raw, reason)) in enumerate(zip(items, bad.items(), strict=True), 1):
        assert isinstance(item, Rejected)
        assert reason in item.reason
        assert secret not in item.reason + item.place
        assert item.place == f"file posts.jsonl line {number} (byte {start})"
        assert item.raw == raw.rstrip(b"\n")
        assert item.at == NOW
        start += len(raw.rstrip(b"\n")) + 1


async def test_a_rejected_line_tells_the_posts_id_where_it_can(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(line("1", text=5) + line(2) + line("3")[:-20] + b"\n" + line("4\x00", created_at="x") + b"[]\n")
    items = await everything(jsonl(path))
    assert [item.id for item in items if isinstance(item, Rejected)] == ["forum:1", "", "", "forum:4\ufffd", ""]


async def test_a_file_name_that_is_no_utf8_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"p\xff.jsonl")
    path.write_bytes(b"{\n")
    (item,) = await everything(jsonl(path))
    assert isinstance(item, Rejected)
    assert item.place == "file p\ufffd.jsonl line 1 (byte 0)"


def test_each_path_has_a_cursor_of_its_own(tmp_path: Path) -> None:
    paths = ["-", "a/posts.jsonl", "b/posts.jsonl", "a", "AnnaLindqvist.jsonl"]
    reads = {path: jsonl(path).reads for path in paths}
    assert len(set(reads.values())) == len(paths)
    assert not any("Anna" in each or "posts" in each for each in reads.values())
    assert jsonl("./b/../a/").reads == jsonl(Path("a").absolute()).reads == reads["a"]
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert jsonl(tmp_path / "link").reads != jsonl(tmp_path / "a").reads


async def test_a_long_line_is_rejected_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(line("1") + line("2", text="x" * 3_000_000) + line("3") + b"y" * 2_000_000)
    items = await everything(jsonl(path))
    assert ids(items) == ["forum:1", "forum:3"]
    rejected = [item for item in items if isinstance(item, Rejected)]
    assert [item.raw for item in rejected] == [b"", b""]
    assert rejected[0].reason == "the line is longer than 1000000 bytes"
    assert [item.place.split(" (")[0] for item in rejected] == ["file posts.jsonl line 2", "file posts.jsonl line 4"]


async def test_a_long_unfinished_line_holds_nothing() -> None:
    splitter = Splitter(longest=10)
    for _ in range(5):
        assert splitter.feed(b"123456") == []
    assert splitter._held == []


@given(st.lists(st.binary(max_size=12)), st.lists(st.integers(0, 200)), st.integers(0, 15))
def test_lines_are_the_same_however_the_input_is_cut(lines: list[bytes], cuts: list[int], longest: int) -> None:
    data = b"\n".join(lines)
    whole = Splitter(longest=longest)
    expected = whole.feed(data) + whole.finish()
    splitter, found, at = Splitter(longest=longest), [], 0
    for cut in sorted(cuts):
        found += splitter.feed(data[at:cut])
        at = max(at, min(cut, len(data)))
    found += splitter.feed(data[at:]) + splitter.finish()
    assert found == expected
    if longest >= 15:
        assert [each.raw for each in expected] == (
            data.split(b"\n") if not data.endswith(b"\n") else data.split(b"\n")[:-1]
        )[: len(expected)]
    assert all(
        data[each.start : each.end].rstrip(b"\n") == (each.raw or b"").rstrip(b"\n") for each in expected if each.raw
    )


def test_a_full_line_becomes_a_post() -> None:
    post = parse_line(
        line(
            "7",
            text="a\x00b",
            url="https://forum.example/7",
            author={"id": "u1", "handle": "kalle", "name": "Kalle"},
            reply_to="@anna@social.example",
            quote_of=["https://forum.example/6", "u2"],
            lang="sv",
            created_at="2026-10-01T10:00+02:00",
            edited_at="2026-10-02T10:00:00+02:00",
            unknown={"kept": False},
        ),
        now=NOW,
    )
    assert isinstance(post, Post)
    assert (post.id, post.source, post.text, post.lang) == ("forum:7", "forum", "a\ufffdb", "sv")
    assert post.created_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    assert post.created_at.utcoffset() == timedelta(0)
    assert post.edited_at == datetime(2026, 10, 2, 8, tzinfo=UTC)
    assert post.collected_at == NOW
    assert (post.author.id, post.author.handle, post.author.name) == ("u1", "kalle", "Kalle")
    assert post.reply_to == ("@anna@social.example",)
    assert post.quote_of == ("https://forum.example/6", "u2")


async def test_deletions(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    raw = b'{"deleted": true, "source": "forum", "id": "1"}\n'
    path.write_bytes(line("1") + raw)
    collector = jsonl(path)
    assert (await everything(collector))[1] == Deletion(id="forum:1", at=NOW)
    post = collector.parse(raw)
    assert (post.id, post.text, post.deleted_at) == ("forum:1", "", NOW)
    assert collector.parse(b"\xef\xbb\xbf" + line("2")).id == "forum:2"
    with pytest.raises(BadInput, match=r"docs/sources/jsonl\.md"):
        collector.parse(b"{}")


async def test_standard_input(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    collector = jsonl("-", stdin=reading)
    taken: list[Collected] = []
    async with asyncio.timeout(10), aclosing(collector.collect(None)) as batches:
        os.write(writing, line("1") + line("2")[:20])
        taken.append(await anext(batches))
        os.write(writing, line("2")[20:] + line("3").rstrip())
        taken.append(await anext(batches))
        os.close(writing)
        taken.append(await anext(batches))
        assert [each async for each in batches] == []
    os.close(reading)
    assert [ids(each.items) for each in taken] == [["forum:1"], ["forum:2"], ["forum:3"]]
    assert {each.cursor for each in taken} == {None}
    with (tmp_path / "posts.jsonl").open("w+b") as file:
        file.write(b"".join(line(str(n)) for n in range(1200)) + b"{}")
        file.seek(0)
        items = await everything(jsonl("-", stdin=file.fileno()))
    assert len(ids(items)) == 1200
    assert isinstance(items[-1], Rejected)
    assert items[-1].place.startswith("file - line 1201 (byte ")


async def test_cancelling_does_not_wait_for_standard_input() -> None:
    reading, writing = os.pipe()

    async def run() -> None:
        async with aclosing(jsonl("-", stdin=reading).collect(None)) as batches:
            async for _ in batches:
                pass

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=2)
    assert done
    os.close(writing)


async def test_standard_input_that_cannot_be_read(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file, pytest.raises(Broken, match="standard input cannot be read"):
        await everything(jsonl("-", stdin=file.fileno()))


async def test_replay_keeps_the_proportions(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    moments = [0, 10, 10, 60, 50, 100]
    start = datetime(2026, 10, 1, tzinfo=UTC)
    path.write_bytes(
        b"{}\n"
        + b"".join(line(str(n), created_at=(start + timedelta(minutes=m)).isoformat()) for n, m in enumerate(moments))
    )
    events: list[object] = []

    async def sleep(seconds: float) -> None:
        events.append(round(seconds, 3))

    collector = jsonl(path, over_seconds=10.0, sleep=sleep)
    async with aclosing(collector.collect(None)) as batches:
        taken = []
        async for collected in batches:
            events.append(ids(collected.items))
            taken.append(collected)
    assert events == [["forum:0"], 1.0, ["forum:1", "forum:2"], 5.0, ["forum:3", "forum:4"], 4.0, ["forum:5"]]
    events.clear()
    rest = await take(collector, taken[1].cursor, until=9)
    assert ids([item for each in rest for item in each.items]) == ["forum:3", "forum:4", "forum:5"]
    assert events == [4.0]


async def test_replay_of_posts_of_one_moment_and_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(line(str(n)) for n in range(1200)))
    polls = Polls()
    taken = await take(jsonl(path, over_seconds=10.0, sleep=polls), None, until=1200)
    assert [len(each.items) for each in taken] == [500, 500, 200]
    assert polls.slept == []
    path.write_bytes(b"")
    assert await take(jsonl(path, over_seconds=10.0, sleep=polls), None, until=9) == []


async def test_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no such file or folder"):
        await everything(jsonl(tmp_path / "nothing.jsonl"))
    with pytest.raises(Broken, match="over_seconds only with"):
        jsonl(tmp_path, follow=True, over_seconds=1.0)
    (tmp_path / "a.jsonl").write_bytes(line("1"))
    for cursor in ("{", "[]", '{"a.jsonl": [1]}', '{"a.jsonl": null}'):
        with pytest.raises(Broken, match="the cursor is damaged"):
            await everything(jsonl(tmp_path), cursor)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12), st.integers(0, 5))
async def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str], cut: int) -> None:
    path = tmp_path_factory.mktemp("any") / "posts.jsonl"
    path.write_bytes(b"".join(line(str(n), text=text) for n, text in enumerate(texts)))
    items = await everything(jsonl(path))
    assert [item.text for item in items if isinstance(item, Post)] == [text.replace("\x00", "\ufffd") for text in texts]


async def test_a_folder_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(line("1"))

    def again() -> None:
        folder.mkdir()
        (folder / "a.jsonl").write_bytes(line("2"))

    taken = await followed(folder, Polls(lambda: shutil.rmtree(folder), again), until=2)
    assert ids([item for each in taken for item in each.items]) == ["forum:1", "forum:2"]


async def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line("1"))
    tail = Tail(tmp_path, longest=1000, follow=True)
    tail.read(1)
    path.unlink()
    assert tail.read(1) == ("", [])  # rotated this moment
    path.symlink_to(path)
    with pytest.raises(Broken, match=r"file a\.jsonl: cannot be read"):
        tail.read(1)
