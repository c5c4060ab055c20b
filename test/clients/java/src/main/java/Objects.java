import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.*;
import io.kubernetes.client.util.CallGeneratorParams;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.Yaml;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;


/** An informer, typed objects, patches and server-side apply. */
final class Objects {
  static void run(ApiClient client) throws Exception {
    CoreV1Api core = new CoreV1Api(client);
    AppsV1Api apps = new AppsV1Api(client);
    core.createNamespace(new V1Namespace().metadata(new V1ObjectMeta().name("java"))).execute();

    // An informer sees what happens.
    ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
    SharedInformerFactory factory = new SharedInformerFactory(client);
    SharedIndexInformer<V1ConfigMap> informer = factory.sharedIndexInformerFor(
        (CallGeneratorParams params) -> core.listNamespacedConfigMap("java")
            .resourceVersion(params.resourceVersion).timeoutSeconds(params.timeoutSeconds).watch(params.watch).buildCall(null),
        V1ConfigMap.class, V1ConfigMapList.class);
    informer.addEventHandler(new ResourceEventHandler<>() {
      public void onAdd(V1ConfigMap map) { seen.add("added " + map.getMetadata().getName()); }
      public void onUpdate(V1ConfigMap old, V1ConfigMap map) { seen.add("updated " + map.getMetadata().getName()); }
      public void onDelete(V1ConfigMap map, boolean unknown) { seen.add("deleted " + map.getMetadata().getName()); }
    });
    factory.startAllRegisteredInformers();
    Expect.until("the informer's first list", informer::hasSynced);
    V1ConfigMap map = core.createNamespacedConfigMap("java",
        new V1ConfigMap().metadata(new V1ObjectMeta().name("one")).data(Map.of("a", "1"))).execute();
    core.replaceNamespacedConfigMap("one", "java", map.data(Map.of("a", "2"))).execute();
    core.deleteNamespacedConfigMap("one", "java").execute();
    Expect.until("the informer's events", () -> seen.containsAll(List.of("added one", "updated one", "deleted one")));

    // From YAML to a rollout; a strategic merge patch; server-side apply.
    V1Deployment deployment = Yaml.loadAs("""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: web, image: web}]}
        """, V1Deployment.class);
    apps.createNamespacedDeployment("java", deployment).execute();
    Expect.until("the rollout", () -> Integer.valueOf(2).equals(
        apps.readNamespacedDeploymentStatus("web", "java").execute().getStatus().getReadyReplicas()));
    V1Deployment patched = PatchUtils.patch(V1Deployment.class,
        () -> apps.patchNamespacedDeployment("web", "java", new V1Patch(
            "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"web:2\"}]}}}}")).buildCall(null),
        V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, client);
    Expect.check("web:2".equals(patched.getSpec().getTemplate().getSpec().getContainers().get(0).getImage()), patched);
    V1ConfigMap applied = PatchUtils.patch(V1ConfigMap.class,
        () -> core.patchNamespacedConfigMap("applied", "java", new V1Patch(
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"applied\"},\"data\":{\"b\":\"1\"}}"))
            .fieldManager("java").force(true).buildCall(null),
        V1Patch.PATCH_FORMAT_APPLY_YAML, client);
    Expect.check("1".equals(applied.getData().get("b")), applied);

    try {
      core.readNamespacedConfigMap("none", "java").execute();
      throw new IllegalStateException("an absent object was read");
    } catch (ApiException error) {
      Expect.check(error.getCode() == 404 && error.getResponseBody().contains("NotFound"), error.getResponseBody());
    }
    core.deleteNamespace("java").execute();
    Expect.until("the end of the namespace", () -> core.listNamespace().execute().getItems().stream()
        .noneMatch(item -> item.getMetadata().getName().equals("java")));
  }
}
