"""The Kubernetes manifests: valid by their schemas, tight, and in step with one another."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.deploy.files import (
    ENGINES,
    KUBERNETES,
    Manifest,
    documents,
    manifests,
    of_kind,
    pod_specs,
    schema,
)

VERSIONS = ("1.28", "1.32", "1.36")
STATEFUL: Manifest = of_kind("StatefulSet")[0]
FLINK: Manifest = of_kind("FlinkDeployment")[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(version: str) -> None:
    """Strictly: no field that Kubernetes does not know."""
    for manifest in manifests():
        if manifest["kind"] != "FlinkDeployment":
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_flink_deployment_is_valid() -> None:
    """Its fields by the operator's reference, its pod templates as pods."""
    jsonschema.validate(FLINK, schema("flinkdeployment"))
    spec = FLINK["spec"]
    for part in (spec, spec["jobManager"], spec["taskManager"]):
        if template := part.get("podTemplate"):
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, **template}
            kubernetes_validate.validate(pod, VERSIONS[-1], strict=True)
            assert template["spec"]["containers"][0]["name"] == "flink-main-container"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_kustomization_names_every_file(engine: str) -> None:
    """Nothing is left lying about: but the example of a secret, which is for reading."""
    for folder in (engine, "base"):
        kustomization = documents(KUBERNETES / folder / "kustomization.yaml")[0]
        named = {name for name in kustomization["resources"] if name.endswith(".yaml")}
        there = {path.name for path in (KUBERNETES / folder).glob("*.yaml")}
        assert there - named == {"kustomization.yaml"} | (
            {"secret.example.yaml"} if folder == "base" else set()
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_kustomize_puts_it_together(engine: str) -> None:
    """Where kubectl is installed: every ConfigMap that a pod mounts is one that is made."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [kubectl, "kustomize", str(KUBERNETES / engine)], capture_output=True, text=True, check=True
    )
    found = list(yaml.safe_load_all(done.stdout))
    made = {m["metadata"]["name"] for m in found if m["kind"] == "ConfigMap"}
    mounted = {
        volume["configMap"]["name"]
        for manifest in found
        for pod in pod_specs(manifest)
        for volume in pod.get("volumes", ())
        if "configMap" in volume
    }
    assert mounted == made


def test_pods_can_do_next_to_nothing() -> None:
    """Non-root by number, no capability, no token, a file system that cannot be written."""
    for manifest in manifests():
        for pod in pod_specs(manifest):
            if "securityContext" in pod:
                assert pod["securityContext"]["runAsNonRoot"] is True
                assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            else:
                assert manifest["kind"] == "FlinkDeployment", "it inherits the common template"
            if manifest["kind"] != "FlinkDeployment":
                assert pod["automountServiceAccountToken"] is False
            for container in pod["containers"]:
                if container["name"] == "flink-main-container":
                    continue  # Flink writes its configuration into its own folder
                context = container["securityContext"]
                assert context["allowPrivilegeEscalation"] is False
                assert context["readOnlyRootFilesystem"] is True
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert {"cpu", "memory"} <= set(container["resources"]["requests"])
                assert "memory" in container["resources"]["limits"]
                assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


def test_no_mount_lies_inside_another() -> None:
    """A folder cannot be made inside a ConfigMap's mount, which is read-only."""
    for manifest in manifests():
        for pod in pod_specs(manifest):
            for container in pod["containers"]:
                paths = [m["mountPath"] for m in container.get("volumeMounts", ())]
                assert not [(a, b) for a in paths for b in paths if a.startswith(f"{b}/")]


def test_the_groups_are_shared_by_ordinal() -> None:
    """As many shards as replicas, the pod's own number as its shard, a group for each worker."""
    container = STATEFUL["spec"]["template"]["spec"]["containers"][0]
    env: dict[str, Any] = {entry["name"]: entry for entry in container["env"]}
    replicas = STATEFUL["spec"]["replicas"]
    assert int(env["DATELINE_JOB__SHARDS"]["value"]) == replicas
    path = env["DATELINE_JOB__SHARD"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert path == "metadata.labels['apps.kubernetes.io/pod-index']"


def test_probes_ask_the_metrics_port() -> None:
    """Alive and ready at the port that the image opens and the Service names."""
    container = STATEFUL["spec"]["template"]["spec"]["containers"][0]
    (port,) = container["ports"]
    assert port == {"name": "metrics", "containerPort": 9464}
    for probe, path in (
        ("startup", "/healthz"),
        ("liveness", "/healthz"),
        ("readiness", "/readyz"),
    ):
        assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "metrics"}
    service = of_kind("Service")[0]["spec"]
    assert service["clusterIP"] == "None"
    assert service["ports"][0]["targetPort"] == "metrics"


def test_selectors_find_their_pods() -> None:
    """Service, budget and network policies select labels that pods have."""
    labels = STATEFUL["spec"]["template"]["metadata"]["labels"].items()
    for kind, key in (("Service", None), ("PodDisruptionBudget", "matchLabels")):
        selector = of_kind(kind, "inprocess")[0]["spec"]["selector"]
        assert (selector[key] if key else selector).items() <= labels
    policy = of_kind("NetworkPolicy", "base")[0]["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= labels
    flink = of_kind("NetworkPolicy", "flink")[0]["spec"]["podSelector"]["matchLabels"]
    assert flink.items() <= FLINK["spec"]["podTemplate"]["metadata"]["labels"].items()
    submitter = of_kind("Deployment", "flink")[0]["spec"]["template"]["metadata"]["labels"]
    assert flink.items() <= submitter.items()


def test_flink_keeps_its_word_outside_the_pods() -> None:
    """Two JobManagers, high availability, checkpoints and savepoints on the object store."""
    spec = FLINK["spec"]
    conf = spec["flinkConfiguration"]
    assert conf["high-availability.type"] == "kubernetes" and spec["jobManager"]["replicas"] == 2
    for name in ("high-availability.storageDir", "state.checkpoints.dir", "state.savepoints.dir"):
        assert conf[name].startswith("s3://")
    pool = next(
        c
        for c in spec["taskManager"]["podTemplate"]["spec"]["containers"]
        if c["name"] == "worker-pool"
    )
    assert pool["command"] == ["worker-pool"]
