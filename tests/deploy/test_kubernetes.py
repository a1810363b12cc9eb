"""Every standard resource is valid by Kubernetes' schema, and holds what a pod of ours promises."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bedplate.settings.jobs import JobsSettings

sys.path.insert(0, str(Path(__file__).parent))

from documents import KUBERNETES, containers, resources

# Older clusters lack preStop.sleep (1.30); the newest is what the package carries.
VERSIONS = ("1.30", "1.34", kubernetes_validate.latest_version())
# Not Kubernetes' own: their operators' schemas are in no package of the registry.
UNCHECKED = {
    "ExternalSecret": "external-secrets.io/v1",
    "ScaledObject": "keda.sh/v1alpha1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
}
STANDARD = [one for _, one in resources() if one["kind"] not in UNCHECKED]
BY_NAME = {(one["kind"], one["metadata"]["name"]): one for _, one in resources() if "metadata" in one}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", STANDARD, ids=lambda it: f"{it['kind']}/{it['metadata']['name']}")
def test_a_standard_resource_is_valid(version: str, resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def test_what_is_not_checked_is_listed() -> None:
    custom = {one["kind"]: one["apiVersion"] for _, one in resources() if one["kind"] in UNCHECKED}
    assert custom == UNCHECKED
    for kind in ("Deployment", "Job", "NetworkPolicy", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
        assert any(one["kind"] == kind for one in STANDARD)


def test_the_schema_refuses_an_unknown_field() -> None:
    resource = BY_NAME["Deployment", "bedplate-api"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            resource | {"spec": resource["spec"] | {"replica": 2}}, VERSIONS[-1], strict=True
        )


@pytest.mark.parametrize(
    "file", sorted(KUBERNETES.rglob("kustomization.yaml")), ids=lambda it: str(it.parent.name)
)
def test_a_kustomization_names_what_is_there_and_all_of_it(file: Path) -> None:
    said = yaml.safe_load(file.read_text())
    named = [*said["resources"], *(patch["path"] for patch in said.get("patches", []))]
    assert [name for name in named if not (file.parent / name).exists()] == []
    beside = {path.name for path in file.parent.glob("*.yaml")} - {"kustomization.yaml"}
    assert beside == {name for name in named if not name.startswith("..")}


def test_a_patch_has_something_to_change() -> None:
    for file, patch in resources(KUBERNETES / "overlays"):
        if file.name != "kustomization.yaml":
            assert (patch["kind"], patch["metadata"]["name"]) in BY_NAME


def test_service_and_migration_of_an_overlay_run_one_image() -> None:
    said = {file.parent.name: one for file, one in resources(KUBERNETES / "overlays") if "images" in one}
    assert said.keys() == {"service", "migration"}
    assert said["service"]["images"] == said["migration"]["images"]


@pytest.mark.parametrize("name", containers())
def test_a_pod_runs_with_the_least_it_needs(name: str) -> None:
    pod, container = containers()[name]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["/tmp"]  # noqa: S108 - the pod's own


@pytest.mark.parametrize("name", ["bedplate-api", "bedplate-worker"])
def test_liveness_asks_no_dependency_and_readiness_does(name: str) -> None:
    _, container = containers()[name]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert "startupProbe" in container


def test_a_pod_is_given_the_time_that_its_end_takes() -> None:
    from bedplate.cli import framework

    kill_timeout = int(
        Path(framework.__file__).read_text().split('WORKERS_KILL_TIMEOUT", "')[1].split('"')[0]
    )
    pod, container = containers()["bedplate-api"]
    sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    probe = container["readinessProbe"]
    assert sleep >= 2 * probe["periodSeconds"] * probe["failureThreshold"]
    assert pod["terminationGracePeriodSeconds"] > sleep + kill_timeout
    worker, _ = containers()["bedplate-worker"]
    settings = BY_NAME["ConfigMap", "bedplate"]["data"]
    grace = float(settings.get("BEDPLATE_JOBS_GRACE", JobsSettings().grace))
    assert worker["terminationGracePeriodSeconds"] >= grace + 15


def test_no_serving_pod_holds_the_owners_secret() -> None:
    for name, (pod, _) in containers().items():
        assert ("bedplate-owner" in str(pod["volumes"])) == (name == "bedplate-migration")


def test_each_probed_port_is_a_port_of_the_pod_and_of_the_settings() -> None:
    settings = BY_NAME["ConfigMap", "bedplate"]["data"]
    _, api = containers()["bedplate-api"]
    _, worker = containers()["bedplate-worker"]
    ports = {port["name"]: str(port["containerPort"]) for port in [*api["ports"], *worker["ports"]]}
    assert ports == {
        "http": settings["BEDPLATE_HTTP_PORT"],
        "metrics": settings["BEDPLATE_TELEMETRY_METRICS_PORT"],
        "health": settings["BEDPLATE_JOBS_HEALTH_PORT"],
    }


def test_the_scaler_asks_for_a_metric_that_an_alert_knows() -> None:
    query = BY_NAME["ScaledObject", "bedplate-worker"]["spec"]["triggers"][0]["metadata"]["query"]
    assert query == "max(bedplate_job_oldest_age_seconds)"
    assert "bedplate_job_oldest_age_seconds" in str(BY_NAME["PrometheusRule", "bedplate"])


def test_the_rules_are_those_of_prometheus() -> None:
    spec = importlib.util.spec_from_file_location("kubernetes_build", KUBERNETES / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert build.TARGET.read_text() == build.render()
    groups = yaml.safe_load(build.render())["spec"]["groups"]
    files = sorted((KUBERNETES.parent / "prometheus/rules").glob("*.yaml"))
    assert groups == [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
