"""Every setting: name, type, default and help, in one place.

A setting comes, in rising order of precedence, from its default, the settings file (TOML) and the environment
(``TURVAKT_<SECTION>_<KEY>``). A secret may also be read from a file: ``<key>_file`` in the settings file or ``..._FILE`` in the
environment. Unknown keys are refused. ``config/turvakt.toml`` shows every default and is written from this page.
"""

import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from flow.errors import Broken

ROOT = Path(__file__).resolve().parent.parent
"""Where ``models/`` and ``config/`` are."""


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


class Web(Section, frozen=True):
    """The console, and what monitoring asks."""

    enabled: Annotated[bool, Meta(description="Whether to serve it.")] = True
    host: Annotated[str, Meta(description="Address to bind to.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to bind to; 0: any free one.")] = 8477
    base_url: Annotated[
        str, Meta(description="Address that people reach it by, for links in alerts; empty: as bound.")
    ] = ""
    token: Annotated[str, _secret("What opens the console; empty: made at the first start, in the data folder.")] = ""


_DAYS = 36_500
"""A hundred years: calendars end where more is subtracted."""


class Retention(Section, frozen=True):
    """How long texts are kept, in days."""

    log_days: Annotated[
        float, Meta(gt=0, le=_DAYS, description="Entries of the log that every stage has read; dead letters.")
    ] = 14.0
    unflagged_days: Annotated[float, Meta(gt=0, le=_DAYS, description="Posts without a flagged label.")] = 30.0
    flagged_days: Annotated[float, Meta(gt=0, le=_DAYS, description="Flagged posts, their alerts and decisions.")] = (
        365.0
    )


class Logging(Section, frozen=True):
    """The log lines on standard error. They never carry a post's text or a name."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level shown.")] = "info"
    format: Annotated[Literal["json", "text"], Meta(description='"json" (one object a line) or "text".')] = "text"


class Settings(Section, frozen=True):
    """All settings."""

    data: Data = Data()
    flow: Flow = Flow()
    bluesky: Bluesky = Bluesky()
    mastodon: Mastodon = Mastodon()
    feed: Feed = Feed()
    jsonl: Jsonl = Jsonl()
    classifier: Classifier = Classifier()
    remote: Remote = Remote()
    alerts: Alerts = Alerts()
    email: Email = Email()
    webhook: Webhook = Webhook()
    web: Web = Web()
    retention: Retention = Retention()
    logging: Logging = Logging()

    @property
    def data_dir(self) -> Path:
        """The data folder as a path."""
        return Path(self.data.dir)

    @property
    def models_dir(self) -> Path:
        """The folder of the model artifacts."""
        return Path(self.classifier.models) if self.classifier.models else ROOT / "models"

    @property
    def shadow_models_dir(self) -> Path:
        """The folder of the candidate's model artifacts."""
        return Path(self.classifier.shadow_models) if self.classifier.shadow_models else self.models_dir

    @property
    def law_file(self) -> Path:
        """The file of the law hints."""
        return Path(self.classifier.law) if self.classifier.law else ROOT / "config" / "law.toml"

    @property
    def rules_file(self) -> Path:
        """The file of the alert rules."""
        return Path(self.alerts.rules) if self.alerts.rules else ROOT / "config" / "rules.toml"


def load(*, file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Args:
        file: the settings file; ``None``: ``TURVAKT_CONFIG`` or, if that is not set, none.
        environ: the environment.

    Raises:
        Broken: a file cannot be read, a key is unknown, or a value has the wrong type; names the place.
    """
    path = file or (Path(environ["TURVAKT_CONFIG"]) if environ.get("TURVAKT_CONFIG") else None)
    plain = _read(path) if path else {}
    _from_environment(plain, environ)
    try:
        return msgspec.convert(plain, Settings)
    except msgspec.ValidationError as error:
        # The message names the key; no value in it is secret, since a secret is a string, as it must be.
        raise Broken(str(error), place=str(path) if path else "settings", remedy=_SHOWN) from error


_SHOWN = "config/turvakt.toml shows every setting"


def _read(path: Path) -> dict[str, Any]:
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Broken("the settings file cannot be read", place=str(path), remedy="Check path and rights") from error
    except tomllib.TOMLDecodeError as error:
        # The message itself may quote the line, and with it a secret.
        where = re.search(r"line \d+, column \d+", str(error))
        at = where[0] if where else "the end"
        raise Broken(f"not valid TOML at {at}", place=str(path), remedy="Mend the line") from error
    except UnicodeDecodeError as error:
        raise Broken(f"not UTF-8 at byte {error.start}", place=str(path), remedy="Save it as UTF-8") from error
    for section, key, hint in _each():
        table = plain.get(section)
        if _is_secret(hint) and isinstance(table, dict) and f"{key}_file" in table:
            table[key] = _secret_from(Path(str(table.pop(f"{key}_file"))), f"{section}.{key}_file")
    return plain


def _from_environment(plain: dict[str, Any], environ: Mapping[str, str]) -> None:
    known = {"TURVAKT_CONFIG"}
    for section, key, hint in _each():
        name = variable(section, key)
        known.add(name)
        given = None
        if _is_secret(hint):
            known.add(f"{name}_FILE")
            if f"{name}_FILE" in environ:
                given = _secret_from(Path(environ[f"{name}_FILE"]), f"{name}_FILE")
        if name in environ:
            given = _parsed(environ[name], hint, name)
        if given is not None and isinstance(table := plain.setdefault(section, {}), dict):
            table[key] = given
    unknown = sorted(
        name
        for name in environ
        if name.startswith("TURVAKT_") and not name.startswith("TURVAKT_TEST_") and name not in known
    )
    if unknown:
        raise Broken(f"unknown setting {unknown[0]}", place="environment", remedy=_SHOWN)


def variable(section: str, key: str) -> str:
    """The name of the environment variable of a setting."""
    return f"TURVAKT_{section}_{key}".upper()


def _parsed(text: str, hint: Any, name: str) -> Any:
    if typing.get_origin(typing.get_args(hint)[0]) is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return msgspec.convert(text, hint, strict=False)
    except msgspec.ValidationError as error:
        raise Broken(str(error), place=f"environment variable {name}", remedy="Mend its value") from error


def _secret_from(path: Path, place: str) -> str:
    try:
        secret = path.read_text("utf-8").strip()
    except OSError as error:
        raise Broken(f"the file {path} cannot be read", place=place, remedy="Check path and rights") from error
    except UnicodeDecodeError:
        # Without its cause, which holds the secret.
        raise Broken(f"the file {path} is not UTF-8", place=place, remedy="Save it as UTF-8") from None
    if not secret:
        raise Broken(f"the file {path} is empty", place=place, remedy="Put the secret there, or take the setting out")
    return secret


def _is_secret(hint: Any) -> bool:
    return any((meta.extra or {}).get("secret", False) for meta in hint.__metadata__)


def _each() -> Iterator[tuple[str, str, Any]]:
    """Section, key and annotated type of each setting."""
    for section in Settings.__struct_fields__:
        kind = type(getattr(Settings(), section))
        for key, hint in typing.get_type_hints(kind, include_extras=True).items():
            yield section, key, hint


def render(settings: Settings) -> str:
    """The settings as a commented TOML file. Secrets stay hidden."""
    lines = [
        "# Every setting of Turvakt with its default. Copy what you change into a file of your own and name it with",
        "# --config FILE or TURVAKT_CONFIG. Each setting can also be given by the environment variable behind it; a",
        "# secret also by a file: <key>_file here, or the variable with _FILE at its end.",
    ]
    section_before = ""
    for section, key, hint in _each():
        table = getattr(settings, section)
        if section != section_before:
            lines += ["", f"# {(type(table).__doc__ or '').strip()}", f"[{section}]"]
            section_before = section
        value = "" if _is_secret(hint) else getattr(table, key)
        help = next(meta.description for meta in hint.__metadata__ if meta.description)
        lines.append(f"{key} = {msgspec.json.encode(value).decode()}  # {help} {variable(section, key)}")
    return "\n".join(lines) + "\n"
