"""What docker-compose.yml promises."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.make_secrets import make
from tests.deployment.reading import (
    COMPOSE,
    OUTBOX,
    SERVICES,
    STAGES,
    check_command,
    check_script,
    compose,
    settings_in,
)
from turvakt.settings import ROOT

FILE = compose()
ALL: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: service for name, service in ALL.items() if "build" in service}


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", ["embedded", "cluster", "grafana"])
def test_docker_compose_accepts_it(profile: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TURVAKT_", "COMPOSE_"))}
    command = ["docker-compose", "-f", str(COMPOSE), "--profile", profile, "config"]
    mine = kept | {"TURVAKT_CONFIG": "/config/turvakt.local.toml"}
    for environment, config in (kept, "/config/turvakt.toml"), (mine, "/config/turvakt.local.toml"):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert f"TURVAKT_CONFIG: {config}" in done.stdout


def test_each_profile_holds_what_it_should() -> None:
    held = {profile: {name for name in ALL if profile in ALL[name]["profiles"]} for profile in ("embedded", "cluster")}
    assert held["embedded"] == {"turvakt"}
    assert held["cluster"] == {*ALL} - {"turvakt", "grafana"}
    assert {service["command"][1] for service in OURS.values() if service["command"][0] == "work"} == STAGES | SERVICES
    assert all(name == ALL[name]["command"][1] for name in STAGES | SERVICES)


@pytest.mark.parametrize("name", ALL)
def test_a_service_has_least_rights_and_bounds(name: str) -> None:
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == ("no" if name == "setup" else "unless-stopped")


@pytest.mark.parametrize("name", ALL)
def test_only_what_people_use_is_published_and_to_this_machine_alone(name: str) -> None:
    ports = ALL[name].get("ports", [])
    assert bool(ports) == (name in {"turvakt", "console", "kibana", "grafana"})
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_what_must_reaches_the_outside() -> None:
    assert FILE["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in ALL.items() if "outside" in service["networks"]}
    assert outside == {"turvakt", "collect", "dispatch", "house", "alertmanager"}
    text = (ROOT / "docs" / "running.md").read_text("utf-8")
    (told,) = re.findall(r"only ([^.;]+) reach the outside", text)
    assert set(re.findall(r"`(\w+)`", told)) == outside - {"turvakt", "alertmanager"}
    published = {name for name, service in ALL.items() if "published" in service["networks"]}
    assert published == {"console", "kibana", "grafana"}


@pytest.mark.parametrize("name", ALL)
def test_who_is_waited_for_can_become_healthy(name: str) -> None:
    for other, how in ALL[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "test" in ALL[other]["healthcheck"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert ALL[other]["restart"] == "no"
    if name not in OURS:
        assert ALL[name]["healthcheck"]["test"]
    else:  # the image's
        assert ALL[name].get("healthcheck", {}) == ({"disable": True} if name == "setup" else {})


@pytest.mark.parametrize("name", OURS)
def test_commands_are_turvakts(name: str) -> None:
    service = OURS[name]
    if "entrypoint" in service:
        assert service["entrypoint"] == ["/bin/sh", "-ec"]
        (script,) = service["command"]
        check_script(script)
    else:
        check_command(service["command"])


@pytest.mark.parametrize("name", OURS)
def test_settings_are_known_and_secrets_are_there(name: str, tmp_path: Path) -> None:
    make(tmp_path)
    service = OURS[name]
    files = {f"/run/secrets/{secret}": tmp_path / secret for secret in service.get("secrets", [])}
    environment = {name: value for name, value in service["environment"].items() if value is not None}
    settings = settings_in(environment, files=files | {"/config/turvakt.toml": ROOT / "config" / "turvakt.toml"})
    assert set(files) == {value for name, value in environment.items() if name.endswith("_FILE")}
    assert settings.web.host == ("0.0.0.0" if name in {"turvakt", "console"} else "127.0.0.1")
    assert settings.web.base_url == "http://127.0.0.1:8477"
    assert settings.web.proxies == ["172.16.0.0/12"], "what Docker lets in comes from an address of its own"
    assert (settings.metrics.host, settings.metrics.port) == ("0.0.0.0", 9464)
    if name == "turvakt":
        assert not settings.kafka.servers
        published = [int(port.rpartition(":")[2]) for port in service["ports"]]
        assert published == [settings.web.port, settings.metrics.port]
    else:
        assert settings.kafka.servers == ["kafka:9092"]
        assert settings.kafka.password == (tmp_path / "kafka_password").read_text().strip()
        assert settings.elasticsearch.username == ("admin" if name == "setup" else "turvakt")


def test_every_secret_is_made_used_and_kept_out_of_the_repository(tmp_path: Path) -> None:
    make(tmp_path)
    secrets = FILE["secrets"]
    used = {secret for service in ALL.values() for secret in service.get("secrets", [])}
    assert secrets.keys() == used
    for name, secret in secrets.items():
        assert secret == {"file": f"./secrets/{name}"}
        assert (tmp_path / name).exists()
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    alertmanager = (ROOT / "config" / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    assert set(re.findall(r"_file: /run/secrets/(\w+)", alertmanager)) == set(ALL["alertmanager"]["secrets"])
    # Nobody's environment holds one.
    assert not re.search(r"(PASSWORD|TOKEN|SECRET|KEY)\w*: (?!/run/secrets/)\S", COMPOSE.read_text("utf-8"))


def test_what_is_mounted_is_there() -> None:
    volumes = [volume for service in ALL.values() for volume in service["volumes"]]
    for volume in volumes:
        source, _, inside = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).is_dir(), source
            assert inside.endswith(":ro"), volume
    named = {volume.partition(":")[0] for volume in volumes if not volume.startswith("./")}
    assert named == FILE["volumes"].keys()


def test_who_writes_or_removes_the_files_of_the_outbox_has_them() -> None:
    assert {name for name, service in ALL.items() if "outbox:/data" in service["volumes"]} == OUTBOX
    assert not any(path.startswith("/data") for name in OUTBOX for path in ALL[name]["tmpfs"])


def test_prometheus_asks_every_process_where_it_answers() -> None:
    file = yaml.safe_load((ROOT / "config" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (ours,) = [job for job in file["scrape_configs"] if job["job_name"] == "turvakt"]
    asked = {name: found["port"] for found in ours["dns_sd_configs"] for name in found["names"]}
    ports = {name: int(ALL[name]["environment"]["TURVAKT_METRICS_PORT"]) for name in STAGES | SERVICES}
    assert asked == ports
    others = [job for job in file["scrape_configs"] if job is not ours] + file["alerting"]["alertmanagers"]
    for target in (target for job in others for each in job["static_configs"] for target in each["targets"]):
        assert target.partition(":")[0] in {*ALL, "127.0.0.1"}


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    provided = ROOT / "config" / "containers" / "grafana"
    (source,) = yaml.safe_load((provided / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provided / "dashboards" / "turvakt.yml").read_text("utf-8"))["providers"]
    assert f"./config/grafana:{provider['options']['path']}:ro" in ALL["grafana"]["volumes"]
    dashboards = [json.loads(file.read_text("utf-8")) for file in (ROOT / "config" / "grafana").glob("*.json")]
    assert dashboards
    for dashboard in dashboards:
        chosen = {each["name"]: each for each in dashboard["templating"]["list"] if each["type"] == "datasource"}
        uids = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel}
        assert uids == {f"${{{name}}}" for name in chosen}
        assert {each["query"] for each in chosen.values()} == {source["type"]}


def test_examples_are_there() -> None:
    for page in COMPOSE, ROOT / "docs" / "running.md":
        for example in re.findall(r"/(config/examples/\S+)", page.read_text("utf-8")):
            assert (ROOT / example).exists()


def test_the_example_of_env_shows_every_variable_with_its_default() -> None:
    text = COMPOSE.read_text("utf-8")
    variables = dict(re.findall(r"(?<!\$)\$\{(\w+):-([^}]*)\}", text))
    shown = dict(re.findall(r"^#?(\w+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.M))
    assert shown.pop("COMPOSE_PROFILES") == "embedded"
    assert shown.keys() == variables.keys()
    images = {name: value for name, value in variables.items() if name.endswith("_IMAGE")}
    assert images == {name: value for name, value in shown.items() if name in images}
    for name, image in images.items():
        assert name == "MONITOR_IMAGE" or re.search(r":v?\d+\.\d+", image), f"{name} is not pinned"
