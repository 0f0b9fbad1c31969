"""Settings: one place, every default shown, unknown keys refused, secrets from files."""

from pathlib import Path

import pytest

from alerts.channels import CHANNELS
from flow.errors import Broken
from turvakt.settings import ROOT, Settings, load, render


def from_file(tmp_path: Path, text: str, **environ: str) -> Settings:
    file = tmp_path / "my.toml"
    file.write_text(text, "utf-8")
    return load(file=file, environ=environ)


def test_the_shipped_file_shows_every_default() -> None:
    assert (ROOT / "config" / "turvakt.toml").read_text("utf-8") == render(Settings())


def test_the_shipped_file_can_be_read() -> None:
    assert load(file=ROOT / "config" / "turvakt.toml", environ={}) == Settings()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = '[web]\nport = 1\nhost = "::1"\n[feed]\nurls = ["a"]'
    settings = from_file(tmp_path, text, TURVAKT_WEB_PORT="2", TURVAKT_FEED_URLS="b, c,")
    assert (settings.web.port, settings.web.host, settings.feed.urls) == (2, "::1", ["b", "c"])


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[bluesky]\nenabled = true", "utf-8")
    assert load(file=None, environ={"TURVAKT_CONFIG": str(file)}).bluesky.enabled


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[web]\nprot = 1", r"my\.toml: .*unknown field `prot` - at `\$\.web`"),
        ("[wbe]\nport = 1", r"unknown field `wbe`"),
        ('[web]\nport = "many"', r"Expected `int`, got `str` - at `\$\.web\.port`"),
        ("[web]\nport = 99999", r"port"),
        ("[web", r"not valid TOML at the end"),
        ("web = 3", r"Expected `object`, got `int` - at `\$\.web`"),
        ("[retention]\nlog_days = 1000000", r"<= 36500.* - at `\$\.retention\.log_days`"),
        ("[retention]\nlog_days = nan", r"float.* - at `\$\.retention\.log_days`"),
        ("[limits.channel.sms]\nper_minute = 0", r"Expected `int` >= 1 - at `\$\.limits\.channel\.sms\.per_minute`"),
        ("[limits.channel.sms]\nper_hour = 1", r"unknown field `per_hour` - at `\$\.limits\.channel\.sms`"),
        ("[limits.channel.pigeon]\nper_minute = 1", r"unknown field `pigeon` - at `\$\.limits\.channel`"),
        ("[feed]\ninterval = inf", r"<= 86400.* - at `\$\.feed\.interval`"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Broken, match=says):
        from_file(tmp_path, text)


def test_what_is_wrong_in_the_environment_is_named() -> None:
    with pytest.raises(Broken, match=r"environment variable TURVAKT_WEB_PORT.*Mend its value"):
        load(file=None, environ={"TURVAKT_WEB_PORT": "many"})
    with pytest.raises(Broken, match="unknown setting TURVAKT_WEB_PROT"):
        load(file=None, environ={"TURVAKT_WEB_PROT": "1"})


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush\n", "utf-8")
    assert from_file(tmp_path, f'[email]\npassword_file = "{secret}"').email.password == "hush"
    assert load(file=None, environ={"TURVAKT_WEB_TOKEN_FILE": str(secret)}).web.token == "hush"
    with pytest.raises(Broken, match=r"email\.password_file: the file .* cannot be read"):
        from_file(tmp_path, f'[email]\npassword_file = "{tmp_path / "nothing"}"')


def test_secrets_are_not_shown() -> None:
    settings = load(file=None, environ={"TURVAKT_EMAIL_PASSWORD": "hush"})
    assert "hush" not in render(settings)


def test_only_secrets_may_come_from_files(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="port_file"):
        from_file(tmp_path, '[web]\nport_file = "x"')
    with pytest.raises(Broken, match="unknown setting TURVAKT_WEB_PORT_FILE"):
        load(file=None, environ={"TURVAKT_WEB_PORT_FILE": "x"})


@pytest.mark.parametrize("text", ['token = "hush\n', "token = hush", 'token = "hush" hush', 'token = "\\hush"'])
def test_a_wrong_line_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    with pytest.raises(Broken, match=r"not valid TOML at line 2, column \d+\. Mend") as caught:
        from_file(tmp_path, f"[web]\n{text}")
    assert "hush" not in str(caught.value)


def test_what_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin"
    file.write_bytes(b'[web]\ntoken = "h\xe5sh"')
    with pytest.raises(Broken, match=r"latin: not UTF-8 at byte 16"):
        load(file=file, environ={})
    with pytest.raises(Broken, match=r"TURVAKT_WEB_TOKEN_FILE: the file .*latin is not UTF-8"):
        load(file=None, environ={"TURVAKT_WEB_TOKEN_FILE": str(file)})


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\n", "utf-8")
    with pytest.raises(Broken, match=r"TURVAKT_WEB_TOKEN_FILE: the file .* is empty"):
        load(file=None, environ={"TURVAKT_WEB_TOKEN_FILE": str(file)})
    with pytest.raises(Broken, match=r"web\.token_file: the file .* is empty"):
        from_file(tmp_path, f'[web]\ntoken_file = "{file}"')


def test_a_section_that_is_none_is_refused_whatever_the_environment_says(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"Expected `object`, got `int`"):
        from_file(tmp_path, "web = 3", TURVAKT_WEB_PORT="1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TURVAKT_RETENTION_LOG_DAYS", "1000000"),
        ("TURVAKT_RETENTION_FLAGGED_DAYS", "nan"),
        ("TURVAKT_FEED_INTERVAL", "inf"),
        ("TURVAKT_ALERTS_GIVE_UP_AFTER_HOURS", "1e300"),
    ],
)
def test_numbers_that_no_calendar_holds_are_refused(name: str, value: str) -> None:
    with pytest.raises(Broken):
        load(file=None, environ={name: value})


@pytest.mark.parametrize("channel", sorted(CHANNELS.keys() - {"outbox"}))
def test_each_channel_may_have_limits_of_its_own(tmp_path: Path, channel: str) -> None:
    text = f"[limits.channel.{channel.replace('-', '_')}]\nper_minute = 7000\n"
    assert from_file(tmp_path, text).limits.of(channel) == (7000, 60)
    assert from_file(tmp_path, f"[limits]\nper_minute = 9\n{text}per_address = 2").limits.of(channel) == (7000, 2)


def test_what_costs_money_is_sent_more_slowly_and_never_faster_than_all(tmp_path: Path) -> None:
    usual, slow = Settings().limits, from_file(tmp_path, "[limits]\nper_minute = 30").limits
    assert [usual.of(name)[0] for name in ("email", "sms", "sms-gateway", "voice")] == [6000, 60, 60, 20]
    assert [slow.of(name)[0] for name in ("email", "sms", "sms-gateway", "voice")] == [30, 30, 30, 20]


def test_limits_of_channels_in_the_environment() -> None:
    given = {"TURVAKT_LIMITS_CHANNEL": '{"email": {"per_minute": 30}}'}
    assert load(file=None, environ=given).limits.of("email") == (30, 60)
    with pytest.raises(Broken, match=r"unknown field `mail` - at `\$\.limits\.channel`"):
        load(file=None, environ={"TURVAKT_LIMITS_CHANNEL": '{"mail": {}}'})
    with pytest.raises(Broken, match=r"environment variable TURVAKT_LIMITS_CHANNEL.*Mend its value"):
        load(file=None, environ={"TURVAKT_LIMITS_CHANNEL": "email=30"})


def test_a_choice_in_the_environment_is_one_of_those() -> None:
    assert load(file=None, environ={"TURVAKT_LOGGING_LEVEL": "error"}).logging.level == "error"
    with pytest.raises(Broken, match=r"environment variable TURVAKT_LOGGING_LEVEL"):
        load(file=None, environ={"TURVAKT_LOGGING_LEVEL": "loud"})
