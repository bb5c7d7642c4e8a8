"""The Kubernetes example: valid by Kubernetes' own schemas, and true of the service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from fastapi.testclient import TestClient

from index.errors import InvalidInput
from service.cli import _require_keys
from service.settings import Settings

ROOT = Path(__file__).parent.parent.parent
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "docker" / "kubernetes.yaml").read_text("utf-8")))
VERSIONS = ("1.28", kubernetes_validate.latest_version())


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = (each for each in OBJECTS if each["kind"] == kind)
    return found


def pod(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = of_kind(kind)["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("given", OBJECTS, ids=lambda given: given["kind"])
def test_objects_are_valid(given: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(given, version, strict=True)


def test_the_validator_tells_what_is_wrong() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**of_kind("Service"), "spec": {"portz": []}}, VERSIONS[-1], strict=True)


def test_one_writer_at_a_time() -> None:
    deployment = of_kind("Deployment")["spec"]
    assert deployment["replicas"] == 1 and deployment["strategy"] == {"type": "Recreate"}
    assert of_kind("PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteOnce"]
    near = pod("Job")["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert near["labelSelector"] == deployment["selector"]


def test_names_meet() -> None:
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert of_kind("Deployment")["spec"]["selector"]["matchLabels"] == labels == of_kind("Service")["spec"]["selector"]
    assert labels != of_kind("Job")["spec"]["template"]["metadata"]["labels"], "the service must not send to the job"
    for kind in ("Deployment", "Job"):
        volumes = {volume["name"]: volume for volume in pod(kind)["volumes"]}
        mounts = {mount["name"] for mount in pod(kind)["containers"][0]["volumeMounts"]}
        assert mounts == set(volumes)
        claim = volumes["data"]["persistentVolumeClaim"]["claimName"]
        assert claim == of_kind("PersistentVolumeClaim")["metadata"]["name"]
        settings = pod(kind)["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        assert settings == of_kind("ConfigMap")["metadata"]["name"]


def test_probes_ask_what_the_service_answers(client: TestClient) -> None:
    container = pod("Deployment")["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert client.get(container[probe]["httpGet"]["path"]).status_code == 200
    assert container["ports"][0]["containerPort"] == Settings.model_fields["port"].default


def test_settings_are_settings() -> None:
    names = {f"ISOGLOT_{name.upper()}" for name in Settings.model_fields}
    assert set(of_kind("ConfigMap")["data"]) <= names
    assert {each["name"] for each in pod("Deployment")["containers"][0]["env"]} <= names


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_pods_are_as_careful_as_the_image_allows(kind: str) -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    user = re.search(r"^USER (\d+)$", dockerfile, re.MULTILINE)
    assert user and pod(kind)["securityContext"]["runAsUser"] == int(user[1])
    assert pod(kind)["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_time_to_stop_is_longer_than_the_service_takes() -> None:
    assert pod("Deployment")["terminationGracePeriodSeconds"] > Settings.model_fields["shutdown_seconds"].default


def test_an_empty_secret_lets_nobody_in(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    keys.write_text(of_kind("Secret")["stringData"]["keys.jsonl"], "utf-8")
    with pytest.raises(InvalidInput, match="no API key"):
        _require_keys(Settings(host="0.0.0.0", keys_file=keys))
