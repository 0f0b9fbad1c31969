"""What the manifests in config/kubernetes/ promise, built by kustomize."""

import re
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deployment.reading import (
    KUBERNETES,
    OUTBOX,
    SERVICES,
    STAGES,
    check_command,
    check_script,
    compose,
    settings_in,
)
from turvakt.settings import ROOT, Settings

Manifest = dict[str, Any]

BUILDS = ["embedded", "cluster", "example"]
OTHERS = {"ServiceMonitor", "ScaledObject", "TriggerAuthentication"}
"""Kinds that operators bring along; Kubernetes itself has no schema of them."""

PAGES = {"console", "turvakt"}
"""The workloads that serve the web pages."""

OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()


@cache
def build(name: str) -> list[Manifest]:
    kubectl = str(Path(sysconfig.get_path("scripts"), "kubectl"))
    done = subprocess.run([kubectl, "kustomize", str(KUBERNETES / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(name: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in build(name) if manifest["kind"] in kinds]


def workloads(name: str) -> dict[str, Manifest]:
    """Name to pod template."""
    found = of_kind(name, "Deployment", "StatefulSet", "Job")
    return {each["metadata"]["name"]: each["spec"]["template"] for each in found}


def container(pod: Manifest) -> Manifest:
    (only,) = pod["spec"]["containers"]
    assert "initContainers" not in pod["spec"]
    return dict(only)


def selected(name: str, selector: Mapping[str, str]) -> set[str]:
    """The workloads whose pods have these labels."""
    assert selector
    return {each for each, pod in workloads(name).items() if selector.items() <= pod["metadata"]["labels"].items()}


EACH = [(name, workload) for name in BUILDS for workload in workloads(name)]


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_manifests_follow_the_schemas(name: str, version: str) -> None:
    for manifest in build(name):
        if manifest["kind"] not in OTHERS:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_process_of_a_cluster_is_there() -> None:
    assert workloads("cluster").keys() == STAGES | SERVICES | {"setup"}
    for each in STAGES | SERVICES:
        assert container(workloads("cluster")[each])["args"] == ["work", each]
    assert selected("cluster", {"turvakt/kind": "stage"}) == STAGES
    assert selected("cluster", {"turvakt/kind": "service"}) == SERVICES


@pytest.mark.parametrize("each", sorted(SERVICES - {"console"}))
def test_what_runs_once_leaves_before_the_next_comes(each: str) -> None:
    (deployment,) = [found for found in of_kind("cluster", "Deployment") if found["metadata"]["name"] == each]
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(("name", "workload"), EACH)
def test_pods_are_restricted(name: str, workload: str) -> None:
    pod = workloads(name)[workload]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert all({"configMap", "secret", "emptyDir"} & volume.keys() for volume in pod["volumes"])
    ours = container(workloads(name)[workload])
    assert ours["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert ours["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in ours["resources"]["limits"]


@pytest.mark.parametrize(("name", "workload"), EACH)
def test_memory_has_the_bounds_of_compose(name: str, workload: str) -> None:
    limit = container(workloads(name)[workload])["resources"]["limits"]["memory"]
    assert limit.removesuffix("i").lower() == compose()["services"][workload]["mem_limit"]


@pytest.mark.parametrize(("name", "workload"), EACH)
def test_commands_are_turvakts(name: str, workload: str) -> None:
    ours = container(workloads(name)[workload])
    if "command" in ours:
        assert ours["command"] == ["/bin/sh", "-ec"]
        check_script(*ours["args"])
    else:
        check_command(ours["args"])


@pytest.mark.parametrize(("name", "workload"), EACH)
def test_settings_and_probes_fit(name: str, workload: str, tmp_path: Path) -> None:
    ours = container(workloads(name)[workload])
    settings = settings_of(name, workload, tmp_path)
    if workload == "setup":
        assert "livenessProbe" not in ours
        return
    ports = {each["name"]: each["containerPort"] for each in ours["ports"]}
    assert ports.pop("health") == settings.metrics.port
    assert settings.metrics.host == "0.0.0.0"
    assert ports == ({"http": settings.web.port} if workload in PAGES else {})
    assert settings.web.host == ("0.0.0.0" if workload in PAGES else "127.0.0.1")
    paths = {probe: ours[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe: get["path"] for probe, get in paths.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/healthz" if name == "embedded" else "/readyz",
    }
    assert {get["port"] for get in paths.values()} == {"health"}


def settings_of(name: str, workload: str, folder: Path) -> Settings:
    """What a pod's environment and files lead to; every reference in them must be to something that is there."""
    pod = workloads(name)[workload]
    ours = container(pod)
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(name, "ConfigMap")}
    files: dict[str, Path] = {}
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    for mount in ours["volumeMounts"]:
        for key in keys(volumes.get(mount["name"], {}), maps):
            file = folder / key
            if not file.exists():
                file.write_text(text(volumes[mount["name"]], key, maps))
            files[f"{mount['mountPath']}/{key}"] = file
    environment: dict[str, str] = {}
    for source in ours["envFrom"]:
        environment |= maps[source["configMapRef"]["name"]]
    environment |= {each["name"]: each["value"] for each in ours.get("env", [])}
    settings = settings_in(environment, files=files)
    for certificates in settings.kafka.certificates, settings.elasticsearch.certificates:
        assert not certificates or certificates in files
    return settings


def keys(volume: Manifest, maps: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The files that a volume brings; it is checked that whatever makes them makes these."""
    if "configMap" in volume:
        made = maps.get(volume["configMap"]["name"]) or made_by_hand("configmap")[volume["configMap"]["name"]]
        yield from made
    if "secret" in volume:
        made_keys = made_by_hand("secret generic")[volume["secret"]["secretName"]]
        for item in volume["secret"].get("items", [{"key": key, "path": key} for key in made_keys]):
            assert item["key"] in made_keys
            yield item["path"]


def text(volume: Manifest, key: str, maps: Mapping[str, Mapping[str, str]]) -> str:
    return maps.get(volume.get("configMap", {}).get("name", ""), {}).get(key, "secret")


def made_by_hand(what: str) -> dict[str, list[str]]:
    """Name to keys of what docs/kubernetes.md makes by ``kubectl create``."""
    page = (ROOT / "docs" / "kubernetes.md").read_text("utf-8").replace("\\\n", " ")
    commands = re.findall(rf"kubectl create {what} (\S+) ([^\n]+)", page)
    return {name: re.findall(r"--from-file=([\w.]+)=", options) for name, options in commands}


@pytest.mark.parametrize("name", BUILDS)
def test_selectors_select(name: str) -> None:
    for service in of_kind(name, "Service"):
        targets = selected(name, service["spec"]["selector"]) - {"setup"}
        assert targets
        for target in targets:
            named = {port["name"] for port in container(workloads(name)[target])["ports"]}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= named
    for policy in of_kind(name, "NetworkPolicy"):
        assert selected(name, policy["spec"]["podSelector"]["matchLabels"]), policy["metadata"]["name"]
    for budget in of_kind(name, "PodDisruptionBudget"):
        assert selected(name, budget["spec"]["selector"]["matchLabels"])
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    for found in of_kind(name, "Deployment", "StatefulSet"):
        assert selected(name, found["spec"]["selector"]["matchLabels"]) == {found["metadata"]["name"]}


@pytest.mark.parametrize("name", BUILDS)
def test_people_reach_the_pages_and_prometheus_the_metrics(name: str) -> None:
    let_in: dict[tuple[str, str], set[str]] = {}
    for policy in of_kind(name, "NetworkPolicy"):
        pods = selected(name, policy["spec"]["podSelector"]["matchLabels"])
        for rule in policy["spec"].get("ingress", []):
            (who,) = [each["namespaceSelector"]["matchLabels"] for each in rule["from"]]
            for port in rule["ports"]:
                let_in.setdefault((who["kubernetes.io/metadata.name"], port["port"]), set()).update(pods)
    assert let_in == {
        ("ingress-nginx", "http"): PAGES & workloads(name).keys(),
        ("monitoring", "health"): {*workloads(name)},
    }
    led = {port["name"]: port["targetPort"] for each in of_kind(name, "Service") for port in each["spec"]["ports"]}
    assert led == {"http": "http", "metrics": "health"}


def test_policies_hold_for_every_pod() -> None:
    every = next(each for each in of_kind("cluster", "NetworkPolicy") if each["metadata"]["name"] == "every")
    assert selected("cluster", every["spec"]["podSelector"]["matchLabels"]) == workloads("cluster").keys()
    assert every["spec"]["policyTypes"] == ["Ingress", "Egress"]
    beyond = {
        each["metadata"]["name"]
        for each in of_kind("cluster", "NetworkPolicy")
        for rule in each["spec"].get("egress", [])
        if any(to.get("ipBlock", {}).get("cidr") == "0.0.0.0/0" for to in rule["to"])
    }
    assert beyond == {"collect", "dispatch", "house"}


def test_the_console_reaches_an_organisation_where_people_sign_in_through_one() -> None:
    policy = yaml.safe_load((KUBERNETES / "example" / "organisation.yaml").read_text("utf-8"))
    kubernetes_validate.validate(policy, OLDEST, strict=True)
    assert selected("example", policy["spec"]["podSelector"]["matchLabels"]) == {"console"}
    (house,) = [each for each in of_kind("example", "NetworkPolicy") if each["metadata"]["name"] == "house"]
    assert policy["spec"]["egress"] == house["spec"]["egress"]


@pytest.mark.parametrize("page", ["kubernetes.md", "cluster.md"])
def test_pages_name_who_needs_the_files_of_the_outbox(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    (sentence,) = re.findall(r"The channel `outbox`[^.]*\.", text)
    assert set(re.findall(r"`([a-z-]+)`", sentence)) == OUTBOX | {"outbox"}


def test_the_example_fits_the_cluster(tmp_path: Path) -> None:
    settings = {each["metadata"]["name"].rpartition("-")[0]: each["data"] for each in of_kind("example", "ConfigMap")}
    told = settings["turvakt-settings"]
    (scaled,) = of_kind("example", "ScaledObject")
    assert scaled["spec"]["scaleTargetRef"]["name"] in workloads("example")
    assert scaled["spec"]["maxReplicaCount"] == int(told["TURVAKT_KAFKA_PARTITIONS"])
    (trigger,) = scaled["spec"]["triggers"]
    prefix = Settings().kafka.prefix
    assert trigger["metadata"]["bootstrapServers"] == told["TURVAKT_KAFKA_SERVERS"]
    assert trigger["metadata"]["topic"] == f"{prefix}posts"
    assert trigger["metadata"]["consumerGroup"] == f"{prefix}classify"
    # As many as there may be come before the sources are held back.
    most_waiting = settings_of("example", "collect", tmp_path).flow.most_waiting
    assert int(trigger["metadata"]["lagThreshold"]) * scaled["spec"]["maxReplicaCount"] <= most_waiting
    (authentication,) = of_kind("example", "TriggerAuthentication")
    assert authentication["metadata"]["name"] == trigger["authenticationRef"]["name"]
    assert {each["name"] for each in authentication["spec"]["env"]} <= told.keys()
    for each in authentication["spec"]["secretTargetRef"]:
        assert each["key"] in made_by_hand("secret generic")[each["name"]]
    for each in authentication["spec"]["configMapTargetRef"]:
        assert each["key"] in made_by_hand("configmap")[each["name"]]

    services = {each["metadata"]["name"]: each for each in of_kind("example", "Service")}
    (monitor,) = of_kind("example", "ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (watched,) = [each for each in services.values() if wanted <= each["metadata"]["labels"].items()]
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == [
        port["name"] for port in watched["spec"]["ports"]
    ]
    assert watched["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "turvakt"
    (ingress,) = of_kind("example", "Ingress")
    (rule,) = ingress["spec"]["rules"]
    assert told["TURVAKT_WEB_BASE_URL"] == f"https://{rule['host']}"
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["port"]["name"] in [port["name"] for port in services[backend["name"]]["spec"]["ports"]]
