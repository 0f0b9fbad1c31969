"""The settings: their sections, and how they are loaded. Each setting has its name, type, default and help in `turvakt.sections`.

A setting comes, in rising order of precedence, from its default, the settings file (TOML) and the environment
(``TURVAKT_<SECTION>_<KEY>``). A secret may also be read from a file: ``<key>_file`` in the settings file or ``..._FILE`` in the
environment. Unknown keys are refused. ``config/turvakt.toml`` shows every default and is written from this page.
"""

import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from flow.errors import Broken
from turvakt.sections import (
    Alerts,
    Apprise,
    Bluesky,
    Classifier,
    Data,
    Elasticsearch,
    Email,
    Feed,
    Flow,
    Jsonl,
    Kafka,
    Kibana,
    Limits,
    Logging,
    Mastodon,
    Matrix,
    Metrics,
    Ntfy,
    Oidc,
    Operator,
    Postgres,
    Remote,
    Retention,
    Section,
    Sms,
    SmsGateway,
    Teams,
    Tracing,
    Trends,
    Voice,
    Web,
    Webhook,
    Webpush,
)

ROOT = Path(__file__).resolve().parent.parent
"""Where ``models/`` and ``config/`` are."""


class Settings(Section, frozen=True):
    """All settings."""

    data: Data = Data()
    flow: Flow = Flow()
    kafka: Kafka = Kafka()
    postgres: Postgres = Postgres()
    elasticsearch: Elasticsearch = Elasticsearch()
    kibana: Kibana = Kibana()
    trends: Trends = Trends()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()
    bluesky: Bluesky = Bluesky()
    mastodon: Mastodon = Mastodon()
    feed: Feed = Feed()
    jsonl: Jsonl = Jsonl()
    classifier: Classifier = Classifier()
    remote: Remote = Remote()
    alerts: Alerts = Alerts()
    email: Email = Email()
    webhook: Webhook = Webhook()
    sms: Sms = Sms()
    sms_gateway: SmsGateway = SmsGateway()
    voice: Voice = Voice()
    teams: Teams = Teams()
    matrix: Matrix = Matrix()
    ntfy: Ntfy = Ntfy()
    webpush: Webpush = Webpush()
    apprise: Apprise = Apprise()
    limits: Limits = Limits()
    operator: Operator = Operator()
    web: Web = Web()
    oidc: Oidc = Oidc()
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
    def consent_dir(self) -> Path:
        """The folder of the wordings of the consent."""
        return Path(self.web.consent) if self.web.consent else ROOT / "config" / "consent"

    @property
    def law_file(self) -> Path:
        """The file of the law hints."""
        return Path(self.classifier.law) if self.classifier.law else ROOT / "config" / "law.toml"

    @property
    def rules_file(self) -> Path:
        """The file of the alert rules."""
        return Path(self.alerts.rules) if self.alerts.rules else ROOT / "config" / "rules.toml"

    @property
    def routines_file(self) -> Path:
        """The file of the response routines."""
        return Path(self.alerts.routines) if self.alerts.routines else ROOT / "config" / "routines" / "routines.toml"

    @property
    def plans_dir(self) -> Path | None:
        """The folder of the rules that tenants have of their own, if there is one."""
        return Path(self.alerts.tenants) if self.alerts.tenants else None


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
    kind = typing.get_args(hint)[0]
    if kind == list[str]:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        if typing.get_origin(kind) is list or (isinstance(kind, type) and issubclass(kind, Section)):
            return msgspec.json.decode(text)
        return msgspec.convert(text, hint, strict=False)
    except msgspec.DecodeError as error:  # of which ValidationError is one
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
