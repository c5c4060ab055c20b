import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { hasCause, isStatus, StatusError } from '../../apimachinery/status-error.ts'
import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'
import {
  type AnyController,
  defineController,
  done,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'

const configMapName = 'kube-root-ca.crt'
const descriptionAnnotation = 'kubernetes.io/description'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

async function publish(
  namespace: string,
  rootCertificate: string,
  { cache, api }: ReconcileContext,
): Promise<void> {
  const configMaps = api.resource(ConfigMap)
  const existing = cache.of(ConfigMap).get(namespace, configMapName)
  const data = { 'ca.crt': rootCertificate }
  const annotations = { [descriptionAnnotation]: description }
  if (existing === undefined) {
    try {
      await configMaps.create({ metadata: { name: configMapName, namespace, annotations }, data })
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !hasCause(error, 'NamespaceTerminating')) throw error
    }
    return
  }
  const { metadata } = existing
  if (jsonEqual(existing.data, data) && metadata?.annotations?.[descriptionAnnotation]) return
  await configMaps.update({
    ...existing,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, ...annotations } },
    data,
  })
}

/** How often and how long namespaces were looked at, by the code of what came of it. */
class SyncMetrics {
  readonly #count: Counter
  readonly #seconds: Histogram

  constructor(metrics: Metrics) {
    const named = (name: string) => ({
      name: `root_ca_cert_publisher_${name}`,
      help: 'Number of namespace syncs happened in root ca cert publisher.',
      labels: ['code'],
    })
    this.#count = metrics.counter(named('sync_total'))
    const buckets = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power)
    this.#seconds = metrics.histogram({ ...named('sync_duration_seconds'), buckets })
  }

  note(seconds: number, error: unknown): void {
    const code = error === undefined ? 200 : error instanceof StatusError ? (error.status.code ?? 500) : 500
    this.#count.inc([String(code)])
    this.#seconds.observe(seconds, [String(code)])
  }
}

/** Every namespace has the ConfigMap `kube-root-ca.crt` with the certificate (PEM) that pods trust the API server by. */
export function rootCaController(rootCertificate: string): AnyController {
  let metrics: SyncMetrics | undefined
  return defineController({
    name: 'root-ca-certificate-publisher',
    reconciles: Namespace,
    when: (namespace, old) =>
      namespace !== undefined && (old === undefined || namespace.status?.phase === 'Active'),
    watches: [
      watching({
        kind: ConfigMap,
        selection: { fieldSelector: `metadata.name=${configMapName}` },
        when: (_, old) => old !== undefined,
        keys: ({ metadata }) => [metadata?.namespace ?? ''],
      }),
    ],
    permissions: [{ group: '', resources: ['configmaps'], verbs: ['create', 'update'] }],
    setUp: (setup) => {
      metrics = new SyncMetrics(setup.metrics)
    },
    reconcile: async (namespace, context) => {
      if (context.cache.of(Namespace).get('', namespace) === undefined) return done
      const startMs = context.host.monotonicMs()
      let failure: unknown
      try {
        await publish(namespace, rootCertificate, context)
      } catch (error) {
        failure = error
        throw error
      } finally {
        metrics?.note((context.host.monotonicMs() - startMs) / 1_000, failure)
      }
      return done
    },
  })
}
