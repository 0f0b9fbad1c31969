"""Where one Turvakt keeps what it holds: in one SQLite file, in a cluster's servers, or its index alone in Elasticsearch."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from access.audit import Audit
from access.push import Subscriptions
from alerts.delivery.outbox import Outbox
from alerts.notices import Notices
from flow.clock import Clock
from flow.database import Database
from flow.databases.sqlite import Sqlite
from flow.errors import Broken
from flow.log import Log, Queue
from flow.logs.sqlite import SqliteLog
from ingest.objections import Objections
from registry.store import Store
from registry.stores.partial import SqlPartial
from registry.stores.retention import RetentionReports
from registry.stores.sql import SqlStore
from review.holds import Holds
from review.index import Index
from review.indexes.sqlite import SqliteIndex
from turvakt.access import base_url, key
from turvakt.folder import alone, private
from turvakt.registry_view import RegistryView
from turvakt.schema import open_file, open_postgres
from turvakt.settings import Settings

if TYPE_CHECKING:
    # What only a cluster needs is loaded when it is asked for: it takes a second, which no other start should pay for.
    from access.accounts import Accounts
    from access.oidc import Oidc
    from flow.databases.postgres import Postgres
    from flow.logs.kafka import KafkaLog
    from review.indexes.elasticsearch.index import ElasticsearchIndex
    from review.trends.trends import Trends

SERVICES = ("collect", "dispatch", "house")
"""What one process of a cluster does for all: it holds the lock of that name meanwhile."""


class Stores:
    """Chosen by the settings; each is opened when it is first asked for."""

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    @cached_property
    def is_cluster(self) -> bool:
        """Whether the settings name a cluster.

        Raises:
            Broken: they name half of one.
        """
        kafka, postgres = bool(self.settings.kafka.servers), bool(self.settings.postgres.url)
        if kafka != postgres:
            given, missing = ("kafka.servers", "postgres.url") if kafka else ("postgres.url", "kafka.servers")
            remedy = "A cluster needs both: see docs/cluster.md"
            raise Broken(f"{given} is set without {missing}", place="settings", remedy=remedy)
        return kafka

    @cached_property
    def file(self) -> Sqlite:
        """The SQLite file of the embedded runtime.

        Raises:
            Broken: it is damaged or cannot be opened.
        """
        return open_file(private(self.settings.data_dir) / "turvakt.db")

    @cached_property
    def postgres(self) -> "Postgres":
        """The database of a cluster.

        Raises:
            Broken: it refuses us, or its tables are not up to date.
            Unavailable: it is away.
        """
        return open_postgres(self.settings.postgres.url)

    @property
    def database(self) -> Database:
        """What holds registry and outbox."""
        return self.postgres if self.is_cluster else self.file

    @cached_property
    def queue(self) -> Queue:
        """The log of the embedded runtime."""
        return SqliteLog(self.file, clock=self.clock)

    @cached_property
    def kafka(self) -> "KafkaLog":
        """The log of a cluster."""
        from turvakt.topics import kafka_log

        return kafka_log(self.settings, self.postgres, clock=self.clock)

    @property
    def log(self) -> Log:
        """The log."""
        return self.kafka if self.is_cluster else self.queue

    @cached_property
    def store(self) -> Store:
        """The registry."""
        return SqlStore(self.database, self.log, clock=self.clock)

    @cached_property
    def partial(self) -> SqlPartial:
        """The withdrawals of one source or one recipient."""
        return SqlPartial(self.database, self.store)

    @cached_property
    def officials(self) -> RegistryView:
        """The registry as it is now, kept at hand."""
        return RegistryView(self.store)

    @property
    def index(self) -> Index:
        """What was judged, alerted, delivered and decided.

        Raises:
            Broken: the settings name a cluster without an index.
        """
        if self.settings.elasticsearch.urls:
            return self.elasticsearch
        if self.is_cluster:
            remedy = "A cluster needs Elasticsearch, too: see docs/cluster.md"
            raise Broken("elasticsearch.urls is not set", place="settings", remedy=remedy)
        return self._embedded_index

    @cached_property
    def elasticsearch(self) -> "ElasticsearchIndex":
        """The index in Elasticsearch."""
        from turvakt.indices import elasticsearch_index

        return elasticsearch_index(self.settings, officials=self.officials.get)

    @cached_property
    def trends(self) -> "Trends | None":
        """Counts for analysts, where the index is in Elasticsearch."""
        if not self.settings.elasticsearch.urls:
            return None
        from turvakt.analysts import trends

        return trends(self.settings, self.elasticsearch.client, officials=self.officials.all, clock=self.clock)

    @cached_property
    def _embedded_index(self) -> SqliteIndex:
        return SqliteIndex(self.file)

    @cached_property
    def browsers(self) -> Subscriptions:
        """The browsers in which people have asked for notifications."""
        return Subscriptions(self.database, clock=self.clock)

    @cached_property
    def accounts(self) -> "Accounts":
        """People who sign in.

        Raises:
            Broken: the data folder, with the key that seals secrets, cannot be used.
        """
        from access.accounts import Accounts

        return Accounts.over(
            self.database,
            key=key(self.settings),
            former_key=self.settings.web.former_key,
            origin=base_url(self.settings),
            clock=self.clock,
        )

    def oidc(self, base_url: str) -> "Oidc | None":
        """The organisation's own sign-in, if the settings name one.

        Args:
            base_url: where people reach the pages.

        Raises:
            Broken: the settings are not complete, or its address is not guarded.
        """
        named = self.settings.oidc
        if not named.issuer:
            return None
        if not named.client_id:
            raise Broken("oidc.issuer is set without oidc.client_id", place="settings", remedy="See docs/people.md")
        from access.oidc import Demands, Oidc
        from access.oidc_provider import Client, Provider

        client = Client(named.issuer, named.client_id, named.client_secret, f"{base_url}/sign-in/organisation/answer")
        return Oidc(
            self.database,
            Provider(client, clock=self.clock),
            demands=Demands(named.email_claim, named.email_verified, tuple(named.acr), tuple(named.amr)),
            people=self.accounts.people,
            sessions=self.accounts.sessions,
            tickets=self.accounts.tickets,
            clock=self.clock,
        )

    @cached_property
    def audit(self) -> Audit:
        """Who did what, when and why."""
        return Audit(self.database, clock=self.clock)

    @cached_property
    def holds(self) -> Holds:
        """What law requires to keep."""
        return Holds(self.database, officials=self.officials.get, clock=self.clock)

    @cached_property
    def outbox(self) -> Outbox:
        """The deliveries under way."""
        return Outbox(self.database, clock=self.clock)

    @cached_property
    def objections(self) -> Objections:
        """What was decided on objections of authors."""
        return Objections(self.database)

    @cached_property
    def notices(self) -> Notices:
        """Which officials were told of which alerts."""
        return Notices(self.database)

    @cached_property
    def retention_reports(self) -> RetentionReports:
        """What retention has removed, and when."""
        return RetentionReports(self.database)

    def scrub(self) -> None:
        """Leave nothing in any file of what was erased.

        Raises:
            Unavailable: something is away or busy. It can be done again.
        """
        if self.is_cluster:
            self.kafka.scrub()
        if self.settings.elasticsearch.urls:
            self.elasticsearch.scrub()
        self.database.scrub()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody collects, delivers or keeps house meanwhile.

        Raises:
            Broken: somebody does.
        """
        with ExitStack() as stack:
            stack.enter_context(alone(self.settings.data_dir))
            for service in SERVICES if self.is_cluster else ():
                lock = self.postgres.session_lock(service)
                if not lock.take():
                    raise Broken(f"'turvakt work {service}' is running", place="cluster", remedy="Stop it first")
                stack.callback(lock.release)
            yield

    def close(self) -> None:
        """Close what was opened."""
        for opened in ("elasticsearch", "kafka", "postgres", "file"):
            if opened in self.__dict__:
                self.__dict__[opened].close()
