"""What the settings choose: collectors, channels and classifiers, made from them."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from access.push import Subscriptions
from alerts.channel import Channel
from alerts.channels import load_channel
from alerts.channels.files import Files
from alerts.delivery.limits import Limited
from alerts.mail.encryption import Key
from classify.classifier import Classifier, Judges
from classify.classifiers import make_classifier
from classify.remote.labelling import pairs
from classify.remote.service import Outcome, Service
from flow.clock import Clock
from flow.errors import BadInput, Broken
from ingest.collector import Collector
from ingest.collectors import load_collector
from turvakt.bluesky_accounts import BlueskyAccounts
from turvakt.sections import Remote
from turvakt.settings import Settings


def make_collectors(settings: Settings, *, accounts: BlueskyAccounts, clock: Clock) -> list[Collector]:
    """The collectors that the settings switch on; ``accounts`` are the officials' on Bluesky."""
    chosen: list[Collector] = []
    if settings.bluesky.enabled:
        chosen.append(load_collector("bluesky")(url=settings.bluesky.url, accounts=accounts, clock=clock))
    for server in settings.mastodon.servers:
        token, stream = settings.mastodon.token or None, settings.mastodon.stream
        chosen.append(load_collector("mastodon")(server=server, token=token, stream=stream, clock=clock))
    if settings.feed.urls:
        urls, interval = settings.feed.urls, settings.feed.interval
        chosen.append(load_collector("feed")(urls=urls, interval=interval, clock=clock))
    if settings.jsonl.path:
        chosen.append(make_jsonl(settings, settings.jsonl.path, follow=settings.jsonl.follow, clock=clock))
    return chosen


def switched_on(settings: Settings) -> list[str]:
    """The names of the collectors that `make_collectors` makes."""
    on = {
        "bluesky": settings.bluesky.enabled,
        "mastodon": bool(settings.mastodon.servers),
        "feed": bool(settings.feed.urls),
        "jsonl": bool(settings.jsonl.path),
    }
    return [name for name, chosen in on.items() if chosen]


def make_jsonl(
    settings: Settings, path: str, *, follow: bool, clock: Clock, over_seconds: float | None = None
) -> Collector:
    """A collector of JSON lines."""
    collector: Collector = load_collector("jsonl")(
        path=path, follow=follow, over_seconds=over_seconds, max_bytes=settings.jsonl.max_bytes, clock=clock
    )
    return collector


def make_channels(
    settings: Settings,
    *,
    files: Files,
    clock: Clock,
    browsers: Subscriptions,
    push_key: Callable[[], str],
    keys: Callable[[str], Key | None] = lambda address: None,
) -> dict[str, Channel]:
    """The channels that the settings give what they need, and the channel of ``files``, which needs nothing.

    Args:
        browsers: of people who want notifications there.
        push_key: gives the key by which the makers of browsers know us.
        keys: of those to whom mail is encrypted, by address.

    Raises:
        Broken: a setting cannot work.
    """
    email, webhook = settings.email, settings.webhook
    channels: dict[str, Channel] = _services(settings, clock)
    if settings.webpush.contact:
        channels["webpush"] = load_channel("webpush")(
            key=push_key(),
            contact=settings.webpush.contact,
            browsers=browsers.of,
            gone=browsers.remove,
            clock=clock,
        )
    if email.host:
        channels["email"] = load_channel("email")(
            host=email.host,
            port=email.port,
            security=email.security,
            username=email.username,
            password=email.password,
            sender=email.sender,
            certificates=Path(email.certificates) if email.certificates else None,
            clock=clock,
            keys=keys,
        )
    if webhook.secret:
        channels["webhook"] = load_channel("webhook")(secret=webhook.secret, former=webhook.former_secret, clock=clock)
    limits = settings.limits
    limited: dict[str, Channel] = {
        name: Limited(
            channel,
            per_minute=per_minute,
            per_address=per_address,
            failures=limits.open_after,
            pause=timedelta(seconds=limits.open_seconds),
            clock=clock,
        )
        for name, channel in channels.items()
        for per_minute, per_address in [limits.of(name)]
    }
    return {files.name: files, **limited}


def _services(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """Those that call somebody's service."""
    sms, gateway, voice, matrix = settings.sms, settings.sms_gateway, settings.voice, settings.matrix
    account: dict[str, Any] = {"username": sms.username, "password": sms.password, "url": sms.url}
    audio = {"sv": voice.audio_sv, "fi": voice.audio_fi, "en": voice.audio_en}
    chosen: dict[str, dict[str, Any]] = {}
    if sms.username:
        chosen["sms"] = {**account, "sender": sms.sender, "clock": clock}
        if voice.sender:
            chosen["voice"] = {**account, "sender": voice.sender, "audio": audio, "clock": clock}
    if gateway.url:
        chosen["sms-gateway"] = {"url": gateway.url, "token": gateway.token, "clock": clock}
    if settings.teams.enabled:
        chosen["teams"] = {"clock": clock}
    if matrix.homeserver:
        chosen["matrix"] = {"homeserver": matrix.homeserver, "token": matrix.token, "clock": clock}
    if settings.ntfy.url:
        chosen["ntfy"] = {"url": settings.ntfy.url, "token": settings.ntfy.token, "clock": clock}
    if settings.apprise.services:
        chosen["apprise"] = {"services": settings.apprise.services}
    channels: dict[str, Channel] = {}
    for name, options in chosen.items():
        try:
            channels[name] = load_channel(name)(**options)
        except BadInput as error:
            raise Broken(error.reason, place=f"settings, channel {name}", remedy="See docs/channels.md") from None
    return channels


def make_judge(
    name: str,
    *,
    models: Path,
    remote: Remote,
    names: Callable[[str], Iterable[tuple[int, int]]],
    told: Callable[[Outcome, int], None],
    cascade_told: Callable[[Judges, int], None],
    clock: Clock,
) -> Classifier:
    """The classifier called ``name`` over the artifacts in ``models``.

    Args:
        remote: where the server is and what it may do; this, ``names`` and ``told`` are for the classifier ``remote`` alone.
        names: where names stand in a text.
        told: is told what became of how many posts.
        cascade_told: is told by which models of the cascade how many posts were judged.

    Raises:
        Broken: there is none of that name, or its model is missing or altered.
    """
    if name != "remote":
        return make_classifier(name, models=models, wants={"cascade": {"told": cascade_told}})
    service = Service(
        url=remote.url,
        kind=remote.kind,
        model=remote.model,
        token=remote.token,
        seconds=remote.timeout,
        most=remote.most,
        ask_from=remote.ask_from,
        threshold=remote.threshold,
        lowers=remote.lowers,
        labels=pairs(remote.labels),
    )
    wants = {"service": service, "clock": clock, "names": names, "told": told, "cascade_told": cascade_told}
    return make_classifier(name, models=models, wants={name: wants})
