"""Faults of PostgreSQL: what is waited out, and what stops with a remedy; neither tells a password or a value."""

import os
import signal
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from flow.databases.postgres import Postgres
from flow.errors import BadInput, Broken, TurvaktError, Unavailable
from tests.servers.certificates import self_signed
from tests.servers.postgres import Postgres as Server
from tests.servers.postgres import sql
from tests.turvakt.process import until


def count(database: Postgres) -> int:
    return int(database.query("SELECT count(*) FROM thing")[0][0])


@pytest.fixture
def own(server: Server) -> Iterator[Postgres]:
    """Over a server that may be ill-treated."""
    with closing(Postgres(server.address, seconds=2.0)) as database:
        database.execute("CREATE TABLE thing (id int PRIMARY KEY, text text)")
        yield database


def test_a_restart_goes_unnoticed_between_transactions(own: Postgres, server: Server) -> None:
    assert count(own) == 0
    server.restart()
    assert count(own) == 0
    server.restart()
    assert own.execute("INSERT INTO thing VALUES (1, 'a')") == 1


@pytest.mark.parametrize("gone", [Server.restart, Server.kill])
def test_a_transaction_ends_with_the_server_and_can_be_repeated(
    own: Postgres, server: Server, gone: Callable[[Server], None]
) -> None:
    with pytest.raises(Unavailable), own.transaction():
        own.execute("INSERT INTO thing VALUES (1, 'a')")
        gone(server)
        own.execute("INSERT INTO thing VALUES (2, 'a')")
    if gone is Server.kill:
        for attempt in (lambda: count(own), lambda: own.execute("INSERT INTO thing VALUES (1, 'a')")):
            with pytest.raises(Unavailable, match=r"cannot be reached\. It is tried again"):
                attempt()
        server.start()
    assert count(own) == 0
    assert own.execute("INSERT INTO thing VALUES (1, 'a')") == 1


def test_a_commit_that_the_server_did_not_live_to_see_is_no_commit(own: Postgres, server: Server) -> None:
    with pytest.raises(Unavailable), own.transaction():
        own.execute("INSERT INTO thing VALUES (1, 'a')")
        server.kill()
    server.start()
    assert count(own) == 0


def test_a_server_that_hangs_is_given_up_and_taken_up_again(own: Postgres) -> None:
    stopped: list[int] = []

    def write() -> None:
        with own.transaction():
            ((pid,),) = own.query("SELECT pg_backend_pid()")
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
            own.execute("INSERT INTO thing VALUES (1, 'a')")

    try:
        with pytest.raises(Unavailable, match="cannot be reached"):
            write()
        assert count(own) == 0
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("hangs", [False, True])
def test_what_is_broken_off_ends_on_the_server_too(own: Postgres, server: Server, hangs: bool) -> None:
    pids: list[int] = []

    def write() -> None:
        with own.transaction():
            own.execute("INSERT INTO thing VALUES (1, 'a')")
            pids.extend(own.query("SELECT pg_backend_pid()")[0])
            own.query("SELECT pg_sleep(600)")

    with ThreadPoolExecutor(1) as other, closing(Postgres(server.address, seconds=2.0)) as witness:
        writing = other.submit(write)
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        until(lambda: witness.query(sleeping) == [(1,)])
        if hangs:
            os.kill(pids[0], signal.SIGSTOP)
        try:
            own.interrupt()
            with pytest.raises(Broken, match="broken off"):
                writing.result(10)
        finally:
            if hangs:
                os.kill(pids[0], signal.SIGCONT)
        assert witness.execute("INSERT INTO thing VALUES (1, 'b')") == 1
    assert own.query("SELECT text FROM thing") == [("b",)]


def test_an_error_that_was_passed_over_is_no_success(database: Postgres) -> None:
    """The server has ended the transaction, and would take the commit without a word."""
    with pytest.raises(Broken, match="passed over"), database.transaction():
        database.execute("INSERT INTO thing VALUES (1, 'a')")
        with suppress(Broken):
            database.execute("INSERT INTO thing VALUES (1, 'a')")
    with pytest.raises(Unavailable), database.transaction(), suppress(Unavailable):
        database.query("SELECT pg_terminate_backend(pg_backend_pid())")
    assert count(database) == 0


def test_a_statement_that_takes_too_long_is_ended(database: Postgres) -> None:
    with pytest.raises(Unavailable, match="it took too long"), database.transaction():
        database.execute("INSERT INTO thing VALUES (1, 'a')")
        database.query("SELECT pg_sleep(60)")
    assert count(database) == 0


def test_a_deadlock_is_resolved_and_the_loser_tries_again(database: Postgres) -> None:
    database.execute("INSERT INTO thing VALUES (1, 'a'), (2, 'a')")
    both = threading.Barrier(2)

    def change(first: int, second: int) -> TurvaktError | None:
        try:
            with database.transaction():
                database.execute("UPDATE thing SET text = 'b' WHERE id = %s", (first,))
                both.wait(10)
                database.execute("UPDATE thing SET text = 'b' WHERE id = %s", (second,))
        except TurvaktError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(change, (1, 2), (2, 1)))
    (error,) = [each for each in ended if each is not None]
    assert isinstance(error, Unavailable)
    assert "another transaction was in the way" in str(error)


def test_several_threads_write_at_once(database: Postgres) -> None:
    all_in = threading.Barrier(4)

    def write(number: int) -> None:
        with database.transaction():
            database.execute("INSERT INTO thing VALUES (%s, 'a')", (number,))
            all_in.wait(10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert count(database) == 4


def test_more_threads_than_connections_wait_for_their_turn(postgres: str) -> None:
    with closing(Postgres(postgres, seconds=1.0, connections=1)) as database, ThreadPoolExecutor(1) as other:
        with database.transaction():
            database.query("SELECT 1")
            with pytest.raises(Unavailable, match="all connections to it are in use"):
                other.submit(database.query, "SELECT 1").result()
        assert other.submit(database.query, "SELECT 1").result() == [(1,)]


def test_a_process_that_stops_in_a_transaction_loses_it(own: Postgres, server: Server) -> None:
    sql(server.address, "ALTER DATABASE postgres SET idle_in_transaction_session_timeout = '1min'")
    ((limit,),) = own.query("SHOW idle_in_transaction_session_timeout")
    assert limit == "2min"  # ours, whatever the server has
    with pytest.raises(Unavailable, match="a transaction did nothing for too long"), own.transaction():
        own.execute("SET idle_in_transaction_session_timeout = '50ms'")
        ((pid,),) = own.query("SELECT pg_backend_pid()")
        until(lambda: str(pid) not in sql(server.address, "SELECT pid FROM pg_stat_activity").split())
        own.execute("INSERT INTO thing VALUES (1, 'a')")


@pytest.mark.parametrize(
    "words", ["unsupported startup parameter: options", "unsupported startup parameter in options: -c"]
)
def test_a_pooler_that_refuses_what_each_connection_sets_stops_with_a_remedy(words: str) -> None:
    pooler = r"a pooler is between\. Let postgres\.url lead to the server itself"
    with (
        refusing(words) as port,
        closing(Postgres(f"postgresql://u@127.0.0.1:{port}/d?{PLAIN}")) as database,
        pytest.raises(Broken, match=pooler),
    ):
        database.query("SELECT 1")


PLAIN = "sslmode=disable&gssencmode=disable"


@contextmanager
def refusing(words: str) -> Iterator[int]:
    """At the port that it yields whoever knocks is told what PgBouncer says, in its very bytes."""
    fields = b"SFATAL\0" + b"C08P01\0" + b"M" + words.encode() + b"\0\0"
    answer = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    class Refuse(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()


def test_a_replica_is_waited_out(postgres: str) -> None:
    address = f"{postgres}?options=-c%20default_transaction_read_only%3Don"
    with closing(Postgres(address)) as database, pytest.raises(Unavailable, match="it is a replica"):
        database.execute("CREATE TABLE thing (id int)")


def test_a_value_that_it_cannot_store_is_bad_input(database: Postgres) -> None:
    with pytest.raises(BadInput, match="it cannot store such a value") as caught:
        database.execute("INSERT INTO thing VALUES (1, %s)", ("SECRET\0",))
    assert "SECRET" not in told(caught.value)


def test_a_row_that_is_there_is_told_without_its_values(database: Postgres) -> None:
    database.execute("CREATE TABLE named (name text PRIMARY KEY)")
    database.execute("INSERT INTO named VALUES ('SECRET')")
    for attempt in (
        lambda: database.execute("INSERT INTO named VALUES (%s)", ("SECRET",)),
        lambda: database.executemany("INSERT INTO named VALUES (%s)", [("OTHER",), ("SECRET",)]),
        lambda: database.query("SELECT 'SECRET'::int"),
    ):
        with pytest.raises(TurvaktError) as caught:
            attempt()
        assert "SECRET" not in told(caught.value)


def test_a_table_that_is_missing_has_a_remedy(database: Postgres) -> None:
    with pytest.raises(Broken, match=r"a table is missing\. Run 'turvakt database upgrade'"):
        database.query("SELECT * FROM nowhere")
    with pytest.raises(Broken, match=r"a column is missing\. Run 'turvakt database upgrade'"):
        database.query("SELECT nothing FROM thing")


def test_nobody_there_is_waited_out(server: Server) -> None:
    server.stop()
    for address in (server.address, "postgresql://turvakt:SECRET@nowhere.invalid/turvakt"):
        with closing(Postgres(address)) as database, pytest.raises(Unavailable, match="cannot be reached") as caught:
            database.query("SELECT 1")
        assert "SECRET" not in told(caught.value)


def test_an_address_that_cannot_be_read_stops() -> None:
    with pytest.raises(Broken, match=r"postgres.url: .*postgresql://USER:PASSWORD@HOST/DATABASE") as caught:
        Postgres("postgresql://turvakt:SECRET%zz@127.0.0.1/turvakt")
    assert "SECRET" not in told(caught.value)


def test_who_is_refused_is_told_why_but_not_the_password(server: Server, tmp_path: Path) -> None:
    sql(server.address, "CREATE ROLE app LOGIN PASSWORD 'RIGHT'")
    sql(server.address, "CREATE ROLE blocked LOGIN")
    rules = "host all blocked 127.0.0.1/32 reject\nhost all app 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
    (server.folder / "data" / "pg_hba.conf").write_text(rules)
    sql(server.address, "SELECT pg_reload_conf()")
    app = server.address.replace("turvakt@", "app:RIGHT@")
    with closing(Postgres(app)) as database:
        assert database.query("SELECT current_user") == [("app",)]
        with pytest.raises(Broken, match=r"the user may not do that\. See docs/postgresql.md"):
            database.execute("CREATE TABLE thing (id int)")
    refused = {
        app.replace("RIGHT", "SECRET"): "it refuses the user or the password",
        app.replace(":RIGHT", ""): "it refuses the user or the password",
        app.replace("app:RIGHT", "blocked"): "it refuses this machine or user",
        app.replace("app:RIGHT", "nobody"): "it does not know the user or the database",
        app.replace("/postgres", "/nothing"): "it does not know the user or the database",
        f"{app}?sslmode=require": "it does not speak TLS",
    }
    for address, reason in refused.items():
        with closing(Postgres(address)) as database, pytest.raises(Broken, match=reason) as caught:
            database.query("SELECT 1")
        assert "SECRET" not in told(caught.value)
        assert "RIGHT" not in told(caught.value)


def test_tls_is_spoken_and_the_certificate_is_looked_at(server: Server, tmp_path: Path) -> None:
    with tls(server) as certificate:
        address = f"{server.address}?sslmode=verify-full&sslrootcert="
        with closing(Postgres(f"{address}{certificate}")) as database:
            sql_ = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert database.query(sql_) == [(True,)]
            server.restart()
            assert database.query(sql_) == [(True,)]
        self_signed(tmp_path / "stranger.pem")
        for wrong in (tmp_path / "stranger.pem", tmp_path / "nothing.pem"):
            refused = pytest.raises(Broken, match=r"its certificate is not trusted.*sslrootcert")
            with closing(Postgres(f"{address}{wrong}")) as database, refused:
                database.query("SELECT 1")


@contextmanager
def tls(server: Server) -> Iterator[Path]:
    """Let ``server`` speak TLS."""
    certificate = server.folder / "server.pem"
    key = self_signed(certificate)
    key.chmod(0o600)
    server.hand_over()
    sql(server.address, f"ALTER SYSTEM SET ssl_cert_file = '{certificate}'")
    sql(server.address, f"ALTER SYSTEM SET ssl_key_file = '{key}'")
    sql(server.address, "ALTER SYSTEM SET ssl = on")
    server.restart()
    yield certificate


def told(error: BaseException | None) -> str:
    """All that a log or a screen might ever show of it: its own words and those of its causes."""
    if error is None:
        return ""
    return f"{error} {told(error.__cause__ or (None if error.__suppress_context__ else error.__context__))}"
