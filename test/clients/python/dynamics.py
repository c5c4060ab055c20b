"""Objects from files, and custom resources by the dynamic client."""

import tempfile
import threading

from kubernetes import client, dynamic, utils
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

from expect import until

FILE = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, kind: CronTab, shortNames: [ct]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {every: {type: string}, times: {type: integer, default: 1}}}
          status: {type: object, properties: {done: {type: integer}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed-one}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed-two}}
"""


def run():
    api = client.ApiClient()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(FILE)
        file.flush()
        utils.create_from_yaml(api, file.name)
        try:
            utils.create_from_yaml(api, file.name)
            raise SystemExit("objects were made twice")
        except utils.FailToCreateError as error:
            assert [cause.status for cause in error.api_exceptions] == [409, 409, 409], error
        utils.create_from_yaml(api, file.name, apply=True)

    resources = dynamic.DynamicClient(api)
    definitions = resources.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")

    def established():
        conditions = definitions.get(name="crontabs.stable.example.com").status.conditions or []
        return any(it.type == "Established" and it.status == "True" for it in conditions)

    until("the definition", established)
    resources.resources.invalidate_cache()
    tabs = resources.resources.get(api_version="stable.example.com/v1", kind="CronTab")
    made = tabs.create(namespace="default", body={
        "apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": "often"}, "spec": {"every": "1m"},
    })
    assert made.spec.times == 1, made

    events = []
    start = tabs.get(namespace="default").metadata.resourceVersion

    def follow():
        for event in tabs.watch(namespace="default", resource_version=start, timeout=10):
            events.append((event["type"], event["object"].spec.every))
            if event["type"] == "DELETED":
                return

    following = threading.Thread(target=follow)
    following.start()
    merge = "application/merge-patch+json"
    tabs.patch(name="often", namespace="default", content_type=merge, body={"spec": {"every": "2m"}})
    tabs.status.patch(name="often", namespace="default", content_type=merge, body={"status": {"done": 1}})
    try:
        tabs.replace(namespace="default", body=made.to_dict())
        raise SystemExit("an old version was written")
    except ConflictError as error:
        assert error.status == 409, error
    tabs.delete(name="often", namespace="default")
    following.join(timeout=15)
    assert events == [("MODIFIED", "2m"), ("MODIFIED", "2m"), ("DELETED", "2m")], events

    definitions.delete(name="crontabs.stable.example.com")

    def gone():
        try:
            return not tabs.get(namespace="default")
        except NotFoundError:
            return True

    until("the end of the definition", gone)
    maps = resources.resources.get(api_version="v1", kind="ConfigMap")
    for name in ("listed-one", "listed-two"):
        maps.delete(name=name, namespace="default")
