import { podQuantities } from '../api/core/pod/pod-quantities.ts'
import { isPodTerminal } from '../api/core/pod/pod-state.ts'
import { isHugePages } from '../api/core/resource-names.ts'
import type { core } from '../api/generated/types/index.ts'
import { quantityNumber } from '../apimachinery/quantity.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'

const labels = ['namespace', 'pod', 'node', 'scheduler', 'priority', 'resource', 'unit']

function unitOf(resource: string): string {
  if (resource === 'cpu') return 'cores'
  if (['memory', 'storage', 'ephemeral-storage'].includes(resource) || isHugePages(resource)) return 'bytes'
  return resource.startsWith('attachable-volumes-') ? 'integer' : ''
}

const help = (what: string): string =>
  `${what} workloads on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.`

/** What pods that have not ended ask for and are limited to, as text for Prometheus: upstream's `/metrics/resources` (KEP-1748). */
export function exposePodResources(pods: readonly core.v1.Pod[]): string {
  const metrics = new PrometheusMetrics()
  const name = 'kube_pod_resource_'
  const limit = metrics.gauge({ name: `${name}limit`, help: help('Resources limit for'), labels })
  const request = metrics.gauge({ name: `${name}request`, help: help('Resources requested by'), labels })
  for (const pod of pods) {
    const { metadata, spec } = pod
    if (isPodTerminal(pod) && spec?.nodeName) continue
    const { requests, limits } = podQuantities(pod, { withOverhead: true })
    const of = [
      ...[metadata?.namespace ?? '', metadata?.name ?? '', spec?.nodeName ?? '', spec?.schedulerName ?? ''],
      spec?.priority === undefined ? '' : String(spec.priority),
    ]
    for (const [gauge, quantities = {}] of [[limit, limits] as const, [request, requests] as const])
      for (const [resource, quantity] of Object.entries(quantities)) {
        const amount = quantityNumber(quantity)
        if (amount !== 0) gauge.set(amount, [...of, resource, unitOf(resource)])
      }
  }
  return metrics.expose()
}
