"""The tables of the settings file: each setting's name, type, default and help. Loading is in `turvakt.settings`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from registry.official import Language


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file."""


def _secret(help: str) -> Meta:
    return Meta(description=help, extra={"secret": True})


class Data(Section, frozen=True):
    """Where Turvakt keeps its state."""

    dir: Annotated[str, Meta(description="Folder of the database, the outbox files and the token.")] = "turvakt-data"


class Flow(Section, frozen=True):
    """How entries move through the stages."""

    batch_size: Annotated[int, Meta(ge=1, le=10_000, description="Entries that a stage takes at once.")] = 500
    most_waiting: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="Entries that may wait before a stage until collectors are held back."),
    ] = 5000
    stop_after: Annotated[int, Meta(ge=1, le=1_000_000, description="Dead letters in a row that stop a stage.")] = 100


class Kafka(Section, frozen=True):
    """Kafka carries the stream of a cluster; it needs PostgreSQL, too. See docs/cluster.md."""

    servers: Annotated[list[str], Meta(description='Brokers, such as "kafka-1:9092"; empty: no cluster.')] = []
    prefix: Annotated[str, Meta(description="What the names of topics and groups begin with.")] = "turvakt."
    security: Annotated[
        Literal["none", "tls", "sasl", "sasl-tls"],
        Meta(description='"sasl-tls" or "tls"; "none" and "sasl" in a network that nobody else can read.'),
    ] = "none"
    mechanism: Annotated[
        Literal["SCRAM-SHA-256", "SCRAM-SHA-512"], Meta(description="How user and password are proven with sasl.")
    ] = "SCRAM-SHA-512"
    username: Annotated[str, Meta(description="For sasl.")] = ""
    password: Annotated[str, _secret("For sasl.")] = ""
    certificates: Annotated[
        str, Meta(description="File of authorities to trust in place of the system's; empty: these.")
    ] = ""
    partitions: Annotated[int, Meta(ge=1, le=999, description="Of each topic: how far a stage can be scaled.")] = 4
    replication: Annotated[int, Meta(ge=1, le=7, description="Copies of each topic.")] = 1
    compression: Annotated[
        Literal["zstd", "lz4", "gzip", "snappy", "none"], Meta(description="Of what is written.")
    ] = "zstd"


class Postgres(Section, frozen=True):
    """PostgreSQL holds registry, outbox and bookkeeping of a cluster; it needs Kafka, too. See docs/cluster.md."""

    url: Annotated[str, _secret('"postgresql://USER:PASSWORD@HOST/DATABASE"; empty: no cluster.')] = ""


class Elasticsearch(Section, frozen=True):
    """Elasticsearch holds the index, in a cluster or in place of the embedded one. See docs/cluster.md."""

    urls: Annotated[list[str], Meta(description='Nodes, such as "https://elastic-1:9200"; empty: none.')] = []
    api_key: Annotated[str, _secret("API key; empty: none.")] = ""
    username: Annotated[str, Meta(description="In place of an API key.")] = ""
    password: Annotated[str, _secret("In place of an API key.")] = ""
    certificates: Annotated[
        str, Meta(description="File of authorities to trust in place of the system's; empty: these.")
    ] = ""
    prefix: Annotated[str, Meta(description="What the names of indices and aliases begin with.")] = "turvakt"
    shards: Annotated[int, Meta(ge=1, le=64, description="Primary shards of an index.")] = 1
    replicas: Annotated[int, Meta(ge=0, le=7, description="Copies of each shard.")] = 0


class Kibana(Section, frozen=True):
    """Kibana, for "turvakt kibana apply"."""

    url: Annotated[str, Meta(description='Such as "https://kibana:5601"; empty: none.')] = ""
    api_key: Annotated[str, _secret("API key; empty: user and password of Elasticsearch.")] = ""


class Trends(Section, frozen=True):
    """Counts for analysts, kept longer than the posts. See docs/kibana.md."""

    limit: Annotated[
        int, Meta(ge=3, le=1000, description="Posts from which a count is told; smaller ones are left out.")
    ] = 5


class Metrics(Section, frozen=True):
    """Where each process shows its metrics and its health to machines, without a token. See docs/metrics.md."""

    host: Annotated[str, Meta(description="Address to bind to.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to bind to; 0: none.")] = 0


class Tracing(Section, frozen=True):
    """The way of a post as OpenTelemetry traces: ids and times, no text."""

    endpoint: Annotated[str, Meta(description='OTLP over HTTP, such as "http://127.0.0.1:4318"; empty: none.')] = ""
    share: Annotated[float, Meta(gt=0, le=1, description="Share of the posts that are traced.")] = 1.0


class Bluesky(Section, frozen=True):
    """The public Jetstream of Bluesky; needs no account. See docs/sources/bluesky.md."""

    enabled: Annotated[bool, Meta(description="Whether to read it.")] = False
    url: Annotated[str, Meta(description="Jetstream server (version 1).")] = (
        "wss://jetstream2.us-east.bsky.network/subscribe"
    )
    resolver: Annotated[str, Meta(description="Server that resolves handles to DIDs; empty: none.")] = (
        "https://public.api.bsky.app"
    )


class Mastodon(Section, frozen=True):
    """Servers with the Mastodon API. See docs/sources/mastodon.md."""

    servers: Annotated[list[str], Meta(description='Addresses, such as "https://social.example"; empty: none.')] = []
    token: Annotated[str, _secret("Access token, where the servers want one (a single server then).")] = ""
    stream: Annotated[str, Meta(description='"public", "public:local", "user", "hashtag:NAME" or "list:ID".')] = (
        "public"
    )


class Feed(Section, frozen=True):
    """RSS and Atom feeds. See docs/sources/feed.md."""

    urls: Annotated[list[str], Meta(description="Addresses of the feeds; empty: none.")] = []
    interval: Annotated[float, Meta(gt=0, le=86_400, description="Seconds between two looks at a feed.")] = 300.0


class Jsonl(Section, frozen=True):
    """JSON lines from files, folders or standard input. See docs/sources/jsonl.md."""

    path: Annotated[str, Meta(description='A file, a folder or "-"; empty: none.')] = ""
    follow: Annotated[bool, Meta(description="Whether to wait for more at the end.")] = True
    max_bytes: Annotated[int, Meta(ge=1000, le=100_000_000, description="Longest line in bytes.")] = 1_000_000


class Classifier(Section, frozen=True):
    """What judges the posts. See docs/model-card.md."""

    name: Annotated[
        str, Meta(description='"cascade", or one of its parts "encoder", "linear", "patterns"; or "remote".')
    ] = "cascade"
    models: Annotated[str, Meta(description="Folder of the model artifacts; empty: those that came along.")] = ""
    law: Annotated[str, Meta(description="File of the law hints; empty: config/law.toml, which came along.")] = ""
    shadow: Annotated[
        str, Meta(description="Name of a candidate that judges in the shadow, for counts alone; empty: none.")
    ] = ""
    shadow_models: Annotated[str, Meta(description="Folder of its artifacts; empty: the same as above.")] = ""


class Remote(Section, frozen=True):
    """A model on a server of yours, asked beside the cascade where classifier.name is "remote". See docs/remote.md."""

    url: Annotated[str, Meta(description="Address that texts are sent to; https, or http on this machine.")] = ""
    kind: Annotated[
        Literal["chat", "labels", "raw-labels"],
        Meta(description='"chat" (a language model) or, of a text classifier, "labels" or "raw-labels".'),
    ] = "chat"
    model: Annotated[str, Meta(description="What the server calls its model; verdicts name it so.")] = ""
    token: Annotated[str, _secret("Bearer token; empty: none.")] = ""
    timeout: Annotated[
        float, Meta(gt=0, le=60, description="Seconds that asking about one batch may take; all stages wait for it.")
    ] = 3.0
    most: Annotated[int, Meta(ge=1, le=10_000, description="Posts of a batch that are asked about.")] = 20
    ask_from: Annotated[
        float,
        Meta(ge=0, le=1, description="Least probability of any label, by the cascade, of a post to ask about; 0: all."),
    ] = 0.05
    threshold: Annotated[
        float, Meta(gt=0, le=1, description="Probability from which a label in its answer is flagged.")
    ] = 0.5
    lowers: Annotated[
        Literal["none", "low", "medium", "high", "critical"],
        Meta(description='Gravest severity that its answer may lower; "none": it only raises.'),
    ] = "none"
    labels: Annotated[
        list[str], Meta(description='Its names of our labels, such as "TOXIC=harassment"; empty: it has our names.')
    ] = []


class Alerts(Section, frozen=True):
    """Whom to tell of what, and how. See docs/alerts.md."""

    rules: Annotated[str, Meta(description="File of the rules; empty: config/rules.toml, which came along.")] = ""
    tenants: Annotated[
        str, Meta(description="Folder with TENANT.toml for each tenant that has rules of its own; empty: none has.")
    ] = ""
    routines: Annotated[
        str, Meta(description="File of the response routines; empty: config/routines/routines.toml, which came along.")
    ] = ""
    give_up_after_hours: Annotated[
        float, Meta(gt=0, le=8760, description="How long a delivery is tried; threats for ever.")
    ] = 24.0


class Email(Section, frozen=True):
    """The e-mail channel."""

    host: Annotated[str, Meta(description="SMTP server; empty: no e-mail.")] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="Its port.")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description='"starttls", "tls" or, on this machine only, "none".')
    ] = "starttls"
    username: Annotated[str, Meta(description="For authentication; empty: none.")] = ""
    password: Annotated[str, _secret("For authentication.")] = ""
    sender: Annotated[str, Meta(description="Address that alerts come from.")] = ""
    certificates: Annotated[
        str, Meta(description="File of authorities to trust in place of the system's; empty: these.")
    ] = ""


class Webhook(Section, frozen=True):
    """The webhook channel; a contact's address is the URL."""

    secret: Annotated[str, _secret('Key that signs the calls ("whsec_" and base64); empty: no webhook.')] = ""
    former_secret: Annotated[
        str, _secret("The key before it: signs, too, until every receiver knows the new one; empty: none.")
    ] = ""


class Sms(Section, frozen=True):
    """Short messages by 46elks; a contact's address is the number, such as +46701740605. See docs/channels.md."""

    username: Annotated[str, Meta(description="Of the API; empty: no short messages.")] = ""
    password: Annotated[str, _secret("Of the API.")] = ""
    sender: Annotated[
        str, Meta(description="What telephones show: 3 to 11 letters and digits, or a number of the account.")
    ] = "Turvakt"
    url: Annotated[str, Meta(description="Of the API.")] = "https://api.46elks.com/a1"


class SmsGateway(Section, frozen=True):
    """Short messages by a gateway of yours, over HTTP. See docs/channels.md."""

    url: Annotated[str, Meta(description="Where it takes messages; empty: none.")] = ""
    token: Annotated[str, _secret("Sent as Authorization: Bearer; empty: none.")] = ""


class Voice(Section, frozen=True):
    """Telephone calls by 46elks, for what is critical, with the account of [sms]. See docs/channels.md."""

    sender: Annotated[str, Meta(description="A number of the account, such as +46766860000; empty: no calls.")] = ""
    audio_sv: Annotated[str, Meta(description="Address of a recording in Swedish; empty: a voice speaks English.")] = ""
    audio_fi: Annotated[str, Meta(description="The same in Finnish.")] = ""
    audio_en: Annotated[str, Meta(description="The same in English.")] = ""


class Teams(Section, frozen=True):
    """Microsoft Teams; a contact's address is that of a workflow. See docs/channels.md."""

    enabled: Annotated[bool, Meta(description="Whether contacts may be told there.")] = False


class Matrix(Section, frozen=True):
    """Rooms of Matrix; a contact's address is the room's id. See docs/channels.md."""

    homeserver: Annotated[str, Meta(description='Such as "https://matrix.example.org"; empty: none.')] = ""
    token: Annotated[str, _secret("Access token of the account that writes.")] = ""


class Ntfy(Section, frozen=True):
    """Notifications by ntfy; a contact's address is a topic. See docs/channels.md."""

    url: Annotated[str, Meta(description='Server, such as "https://ntfy.sh"; empty: none.')] = ""
    token: Annotated[str, _secret("To publish there; empty: none.")] = ""


class Webpush(Section, frozen=True):
    """Notifications in the browsers of people who sign in; a contact's address is the person's id. See docs/channels.md."""

    contact: Annotated[
        str, Meta(description='For the browsers\' makers: "mailto:ADDRESS" of whoever runs Turvakt; empty: none.')
    ] = ""
    key: Annotated[
        str, _secret("By which they know us; empty: made in the data folder when it is needed, but not in a cluster.")
    ] = ""


class Apprise(Section, frozen=True):
    """Services without a channel of their own, by apprise; a contact's address is as apprise writes it. See docs/channels.md."""

    services: Annotated[
        list[str], Meta(description='Beginnings of addresses that may be used, such as "slack", "tgram"; empty: none.')
    ] = []


_Minute = Annotated[int, Meta(ge=1, le=100_000)]
_Address = Annotated[int, Meta(ge=1, le=10_000)]
_SLOW = {"sms": 60, "sms-gateway": 60, "voice": 20}
"""Messages a minute, at most, where each costs money, unless the channel has a limit of its own."""


class ChannelLimits(Section, frozen=True):
    """Limits of one channel; what is left out is as for all."""

    per_minute: _Minute | None = None
    per_address: _Address | None = None


class PerChannel(Section, frozen=True, omit_defaults=True):
    """Limits of single channels, named as their sections are."""

    email: ChannelLimits = ChannelLimits()
    webhook: ChannelLimits = ChannelLimits()
    sms: ChannelLimits = ChannelLimits()
    sms_gateway: ChannelLimits = ChannelLimits()
    voice: ChannelLimits = ChannelLimits()
    teams: ChannelLimits = ChannelLimits()
    matrix: ChannelLimits = ChannelLimits()
    ntfy: ChannelLimits = ChannelLimits()
    webpush: ChannelLimits = ChannelLimits()
    apprise: ChannelLimits = ChannelLimits()


class Limits(Section, frozen=True):
    """What keeps channels from being flooded; threats and what is critical always pass. See docs/channels.md."""

    per_minute: Annotated[int, Meta(ge=1, le=100_000, description="Messages of one channel.")] = 6000
    per_address: Annotated[
        int, Meta(ge=1, le=10_000, description="Messages to one address by one channel a minute.")
    ] = 60
    channel: Annotated[
        PerChannel,
        Meta(
            description="Other ones for single channels, as [limits.channel.email] with per_minute or per_address; in the "
            "variable as JSON. Without: of sms and sms_gateway 60 a minute at most, of voice 20."
        ),
    ] = PerChannel()
    open_after: Annotated[
        int, Meta(ge=1, le=1000, description="Failures in a row after which a channel is left alone for a while.")
    ] = 5
    open_seconds: Annotated[float, Meta(gt=0, le=3600, description="This while; then one message tries it.")] = 30.0

    def of(self, channel: str) -> tuple[int, int]:
        """Messages of a channel, and to one address by it, a minute."""
        own: ChannelLimits = getattr(self.channel, channel.replace("-", "_"))
        usual = min(self.per_minute, _SLOW.get(channel, self.per_minute))
        return own.per_minute or usual, own.per_address or self.per_address


class OperatorContact(Section, frozen=True):
    """One way to whoever looks after Turvakt. Several of one name are one person's, in the order in which they are tried."""

    name: str
    channel: str
    address: str
    language: Language = "en"
    drill: bool = True
    """Whether drills are for this person, too."""


class Operator(Section, frozen=True):
    """Who is told when something in Turvakt itself is wrong, and what else watches over it. See docs/watch.md."""

    contacts: Annotated[
        list[OperatorContact],
        Meta(description="{name, channel, address, language} each; in the variable as JSON. Empty: nobody is told."),
    ] = []
    repeat_hours: Annotated[
        float, Meta(gt=0, le=168, description="After so long she is told again of what is not mended.")
    ] = 4.0
    ping_url: Annotated[
        str,
        _secret("Address that an outside watcher is pinged at each minute (healthchecks.io and alike); empty: none."),
    ] = ""
    drill: Annotated[str, Meta(description="When all contacts get a test, each week; empty: never.")] = "mon 10:00"
    timezone: Annotated[str, Meta(description="Of drills, and of the week by which sources are usual.")] = (
        "Europe/Stockholm"
    )
    holidays: Annotated[Literal["SE", "FI"], Meta(description="Country whose holidays are as quiet as Sundays.")] = "SE"
    disk_free: Annotated[float, Meta(ge=0, lt=100, description="Percent of the disk that must be free.")] = 10.0
    backup: Annotated[str, Meta(description="File, or folder with the files, of the last backup; empty: none.")] = ""
    backup_hours: Annotated[float, Meta(gt=0, le=8760, description="How old the newest may be.")] = 26.0


class Web(Section, frozen=True):
    """The console, and what monitoring asks."""

    enabled: Annotated[bool, Meta(description="Whether to serve it.")] = True
    host: Annotated[str, Meta(description="Address to bind to.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to bind to; 0: any free one.")] = 8477
    base_url: Annotated[
        str, Meta(description="Address that people reach it by, for links in alerts; empty: as bound.")
    ] = ""
    proxies: Annotated[
        list[str],
        Meta(
            description="Addresses or networks of proxies, which say who asks (X-Forwarded-For); empty: this machine."
        ),
    ] = []
    sign_in: Annotated[
        Literal["people", "token"],
        Meta(description='"people": each with an account of her own; "token": one door for all, for a trial.'),
    ] = "people"
    token: Annotated[
        str, _secret("For programs, and the one door of a trial; empty: made at the first start, in the data folder.")
    ] = ""
    consent: Annotated[
        str, Meta(description="Folder of what officials are shown before they consent; empty: config/consent.")
    ] = ""
    key: Annotated[
        str,
        _secret(
            "Seals secrets of apps and links in letters, signs links in alerts; empty: made in the data folder when needed."
        ),
    ] = ""
    former_key: Annotated[
        str, _secret("The key before it: what it has sealed still opens, links it has signed stay good; empty: none.")
    ] = ""


class Oidc(Section, frozen=True):
    """People may sign in where their organisation's people sign in (OpenID Connect). See docs/people.md."""

    issuer: Annotated[str, Meta(description="The provider's address, exactly as it names itself; empty: none.")] = ""
    client_id: Annotated[str, Meta(description="What the provider knows Turvakt by.")] = ""
    client_secret: Annotated[str, _secret("Its secret; empty: the provider asks for none.")] = ""
    email_claim: Annotated[str, Meta(description="Where a person's address is in what the provider says of her.")] = (
        "email"
    )
    email_verified: Annotated[bool, Meta(description="Whether the provider must say that it has verified it.")] = True
    acr: Annotated[
        list[str], Meta(description="How people must have signed in there: one of these; empty: anyhow.")
    ] = []
    amr: Annotated[list[str], Meta(description='What they must have used there: all of these, such as "mfa".')] = []


_DAYS = 36_500
"""A hundred years: calendars end where more is subtracted."""


class Retention(Section, frozen=True):
    """How long texts are kept, in days; a tenant may have its own ('turvakt tenants set'). See docs/data-protection.md."""

    log_days: Annotated[
        float, Meta(gt=0, le=_DAYS, description="Entries of the log that every stage has read; dead letters.")
    ] = 14.0
    unflagged_days: Annotated[
        float,
        Meta(
            ge=0,
            le=_DAYS,
            description="Posts without a flagged label, or not judged; 0: they never come into the index.",
        ),
    ] = 0.0
    sample_share: Annotated[
        float,
        Meta(ge=0, le=0.1, description="Share of unflagged posts that is kept for review, where the consents say so."),
    ] = 0.0
    sample_days: Annotated[float, Meta(ge=0, le=_DAYS, description="The posts of this sample.")] = 30.0
    low_days: Annotated[float, Meta(ge=0, le=_DAYS, description="Posts of low severity without an alert.")] = 30.0
    flagged_days: Annotated[
        float,
        Meta(ge=0, le=_DAYS, description="Graver posts without an alert; incidents; messages in the outbox's folder."),
    ] = 365.0
    case_days: Annotated[float, Meta(ge=0, le=_DAYS, description="Posts with an alert, from the decision on them.")] = (
        365.0
    )
    open_case_days: Annotated[
        float, Meta(ge=0, le=_DAYS, description="Posts with an alert that nobody has decided on.")
    ] = 730.0
    backup_days: Annotated[
        float, Meta(ge=0, le=_DAYS, description="Backups: told in the report of an erasure; removing them is yours.")
    ] = 30.0


class Logging(Section, frozen=True):
    """The log lines on standard error. They never carry a post's text or a name."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level shown.")] = "info"
    format: Annotated[Literal["json", "text"], Meta(description='"json" (one object a line) or "text".')] = "text"
