"""The compose file: every setting reaches the container, nothing is open, both Composes can read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings
from training.settings import TrainingSettings

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "isoglot" in service["image"]]
IMAGE_DECIDES = {"ISOGLOT_DATA", "ISOGLOT_HOST", "ISOGLOT_PORT"}
"""The container's own folders, address and port, which the Dockerfile sets."""
IN_NO_VOLUME = {"ISOGLOT_CACHE"}
"""Of judging alone; the profile train sets it."""


def setting_names() -> set[str]:
    return {f"ISOGLOT_{name.upper()}" for name in {**Settings.model_fields, **TrainingSettings.model_fields}}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_can_be_set_in_the_env_file(name: str) -> None:
    given = {each for each in SERVICES[name]["environment"] if each.startswith("ISOGLOT_")}
    assert given - IN_NO_VOLUME == setting_names() - IMAGE_DECIDES - IN_NO_VOLUME


def test_the_example_names_what_there_is() -> None:
    text = (ROOT / "docker" / "compose.yaml").read_text("utf-8")
    names = re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / "docker" / ".env.example").read_text("utf-8"), re.MULTILINE)
    for name in names:
        assert name in text or name == "COMPOSE_PROJECT_NAME", name
    assert set(re.findall(r"\$\{(\w+)", text)) - set(names) <= {
        "ISOGLOT_OPEN_WITHOUT_KEYS", "ISOGLOT_IMAGE", "PROMETHEUS_IMAGE", "GRAFANA_IMAGE", "MILVUS_IMAGE",
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_of_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_containers_can_write_to_their_volumes_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert all(re.fullmatch(r"(data|runs):/\1", volume) for volume in writable)


def test_foreign_images_have_a_version() -> None:
    for name in set(SERVICES) - set(OURS):
        assert re.search(r":v?\d+\.\d+\.\d+\}$", SERVICES[name]["image"]), name


@pytest.mark.parametrize("name", OURS)
def test_targets_are_stages(name: str) -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "docker" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    target = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", SERVICES[name]["build"]["target"])
    assert target in stages and SERVICES[name]["image"].rstrip("}").endswith(target)
    assert stages[-1] == "cpu", "what is built when no target is named"


def test_time_to_stop_is_longer_than_the_service_takes() -> None:
    seconds = int(SERVICES["isoglot"]["stop_grace_period"].rstrip("s"))
    assert seconds > Settings.model_fields["shutdown_seconds"].default


def test_words_that_the_older_compose_refuses_are_left_out() -> None:
    assert not {"name", "include", "version"} & set(COMPOSE)
    for service in SERVICES.values():
        assert not {"gpus", "env_file", "develop"} & set(service)
        assert "secrets" not in service.get("build", {})
        assert "start_interval" not in service.get("healthcheck", {})


def test_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs" / "containers.md").read_text("utf-8")
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
    assert set(re.findall(r"^\| `([a-z]+)` \| .* \| `compose ", page, re.MULTILINE)) == profiles
    asked = re.findall(r"compose (?:--profile \w+ )?(?:run|exec)(?: --?\w+)* (\w[\w-]*)", page)
    assert len(asked) >= 6 and set(asked) <= set(SERVICES)
    targets = re.findall(r"^FROM serving AS (\S+)$", (ROOT / "docker" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"^\| `([a-z]+)` \| [^|]*\| \d[^|]* [MG]B[^|]*\|$", page, re.MULTILINE)) == set(targets)
    for name in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)=", page):
        assert name in (ROOT / "docker" / ".env.example").read_text("utf-8") or name in setting_names(), name


def test_mounted_files_are_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (ROOT / "docker" / volume.split(":")[0]).is_file(), volume
