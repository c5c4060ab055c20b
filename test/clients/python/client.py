"""What users of the Python client do; says `all is well` at its end."""

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException

import dynamics
import election
import processes
from expect import until

config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()


# Typed objects, and what comes back.
namespace = core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="python")))
assert namespace.status.phase == "Active", namespace
for index in range(25):
    core.create_namespaced_config_map(
        "python", client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"map-{index:02}"), data={"index": str(index)})
    )

# Pages.
names, token = [], None
while True:
    page = core.list_namespaced_config_map("python", limit=10, _continue=token, field_selector="metadata.name!=kube-root-ca.crt")
    names += [item.metadata.name for item in page.items]
    token = page.metadata._continue
    if not token:
        break
assert len(names) == 25, names

# A watch from a list on.
start = core.list_namespaced_config_map("python").metadata.resource_version
core.patch_namespaced_config_map("map-00", "python", {"data": {"index": "changed"}})
core.delete_namespaced_config_map("map-01", "python")
seen = []
for event in watch.Watch().stream(core.list_namespaced_config_map, "python", resource_version=start, timeout_seconds=10):
    seen.append((event["type"], event["object"].metadata.name))
    if len(seen) == 2:
        break
assert seen == [("MODIFIED", "map-00"), ("DELETED", "map-01")], seen

# Objects from YAML, rollout, scale.
deployment = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "python"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}},
    },
}
utils.create_from_dict(client.ApiClient(), deployment)
until("the rollout", lambda: apps.read_namespaced_deployment_status("web", "python").status.ready_replicas == 2)
apps.patch_namespaced_deployment_scale("web", "python", {"spec": {"replicas": 3}})
until("the scaling", lambda: apps.read_namespaced_deployment("web", "python").status.ready_replicas == 3)
pod = core.list_namespaced_pod("python", label_selector="app=web").items[0]
assert pod.status.pod_ip and pod.spec.node_name, pod

# Server-side apply through the dynamic client.
resources = dynamic.DynamicClient(client.ApiClient())
maps = resources.resources.get(api_version="v1", kind="ConfigMap")
applied = maps.server_side_apply(
    body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied", "namespace": "python"}, "data": {"a": "1"}},
    namespace="python",
    field_manager="python",
)
assert applied.metadata.managedFields[0].operation == "Apply", applied

# Errors.
try:
    core.read_namespaced_config_map("none", "python")
    raise SystemExit("an absent object was read")
except ApiException as error:
    assert error.status == 404 and '"reason":"NotFound"' in error.body.replace(" ", ""), error

core.delete_namespace("python")
until("the end of the namespace", lambda: "python" not in [item.metadata.name for item in core.list_namespace().items])
processes.run(core)
dynamics.run()
election.run()
print("all is well")
