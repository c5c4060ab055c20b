import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.extended.controller.Controller;
import io.kubernetes.client.extended.controller.builder.ControllerBuilder;
import io.kubernetes.client.extended.controller.reconciler.Request;
import io.kubernetes.client.extended.controller.reconciler.Result;
import io.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.kubernetes.client.extended.leaderelection.LeaderElector;
import io.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.generic.GenericKubernetesApi;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Two candidates for leader, one after the other, of which each runs a controller that labels config maps. */
final class Operator {
  static void run(ApiClient client) throws Exception {
    CoreV1Api core = new CoreV1Api(client);
    BlockingQueue<String> leaders = new LinkedBlockingQueue<>();
    LeaderElector first = candidate(client, "one", leaders);
    Expect.check("one".equals(leaders.poll(20, TimeUnit.SECONDS)), "nobody leads");
    LeaderElector second = candidate(client, "two", leaders);
    Expect.check(leaders.poll(500, TimeUnit.MILLISECONDS) == null, "two lead");

    SharedInformerFactory factory = new SharedInformerFactory(client);
    Controller controller = labeller(client, core, factory);
    factory.startAllRegisteredInformers();
    Thread working = new Thread(controller);
    working.setDaemon(true);
    working.start();
    core.createNamespacedConfigMap("default",
        new V1ConfigMap().metadata(new V1ObjectMeta().name("unlabelled")).data(Map.of("a", "1"))).execute();
    Expect.until("the label", () -> {
      Map<String, String> labels = core.readNamespacedConfigMap("unlabelled", "default").execute().getMetadata().getLabels();
      return labels != null && "yes".equals(labels.get("seen"));
    });

    first.close();
    Expect.check("two".equals(leaders.poll(20, TimeUnit.SECONDS)), "nobody follows");
    second.close();
  }

  static LeaderElector candidate(ApiClient client, String name, BlockingQueue<String> leaders) {
    LeaderElector elector = new LeaderElector(new LeaderElectionConfig(new LeaseLock("default", "labeller", name, client),
        Duration.ofSeconds(5), Duration.ofSeconds(4), Duration.ofSeconds(1)));
    Thread standing = new Thread(() -> elector.run(() -> leaders.add(name), () -> {}));
    standing.setDaemon(true);
    standing.start();
    return elector;
  }

  static Controller labeller(ApiClient client, CoreV1Api core, SharedInformerFactory factory) {
    GenericKubernetesApi<V1ConfigMap, V1ConfigMapList> maps =
        new GenericKubernetesApi<>(V1ConfigMap.class, V1ConfigMapList.class, "", "v1", "configmaps", client);
    factory.sharedIndexInformerFor(maps, V1ConfigMap.class, 0, "default");
    return ControllerBuilder.defaultBuilder(factory)
        .withName("labeller")
        .withWorkerCount(2)
        .watch(queue -> ControllerBuilder.controllerWatchBuilder(V1ConfigMap.class, queue)
            .withWorkQueueKeyFunc(map -> new Request(map.getMetadata().getNamespace(), map.getMetadata().getName()))
            .build())
        .withReconciler(request -> {
          try {
            PatchUtils.patch(V1ConfigMap.class,
                () -> core.patchNamespacedConfigMap(request.getName(), request.getNamespace(),
                    new V1Patch("{\"metadata\":{\"labels\":{\"seen\":\"yes\"}}}")).buildCall(null),
                V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, client);
            return new Result(false);
          } catch (ApiException error) {
            return new Result(error.getCode() != 404);
          }
        })
        .build();
  }
}
