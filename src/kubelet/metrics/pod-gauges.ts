import type { Metrics } from '../../base/metrics.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import type { PodWorkers } from '../pod/pod-workers.ts'
import { isStaticPod } from '../static/static-annotations.ts'

const states = ['created', 'running', 'exited', 'unknown'] as const

/** Upstream's metrics of a node agent (pkg/kubelet/metrics), read when they are asked for. */
export function registerKubeletMetrics(metrics: Metrics, nodeName: string, workers: PodWorkers): void {
  const gauge = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.gauge({ name: `kubelet_${name}`, help, labels })
  const isStatic = 'static is true if the pod is not from the apiserver.'
  const runningPods = gauge('running_pods', 'Number of pods that have a running pod sandbox')
  const runningContainers = gauge('running_containers', 'Number of containers currently running', [
    'container_state',
  ])
  const desiredPods = gauge(
    'desired_pods',
    `The number of pods the kubelet is being instructed to run. ${isStatic}`,
    ['static'],
  )
  const activePods = gauge(
    'active_pods',
    `The number of pods the kubelet considers active and which are being considered when admitting new pods. ${isStatic}`,
    ['static'],
  )
  const mirrorPods = gauge(
    'mirror_pods',
    'The number of mirror pods the kubelet will try to create (one per admitted static pod)',
  )
  const workingPods = gauge(
    'working_pods',
    'Number of pods the kubelet is actually running, broken down by lifecycle phase, whether the pod is desired, orphaned, or runtime only (also orphaned), and whether the pod is static. An orphaned pod has been removed from local configuration or force deleted in the API and consumes resources that are not otherwise visible.',
    ['lifecycle', 'config', 'static'],
  )
  const ephemeral = gauge(
    'managed_ephemeral_containers',
    'Current number of ephemeral containers in pods managed by this kubelet.',
  )
  gauge('node_name', "The node's name. The count is always 1.", ['node']).set(1, [nodeName])
  metrics.onCollect(() => {
    const all = workers.all()
    const observed = all.map((worker) => worker.observed)
    const ready = observed.filter(({ sandboxes }) => sandboxes.some(({ state }) => state === 'SANDBOX_READY'))
    runningPods.set(ready.length)
    const containers = observed.flatMap((pod) => pod.containers)
    for (const wanted of states) {
      runningContainers.set(containers.filter(({ state }) => state === wanted).length, [wanted])
    }
    mirrorPods.set(all.filter(({ pod, isGone }) => !isGone && isStaticPod(pod)).length)
    ephemeral.set(all.reduce((sum, { pod }) => sum + (pod.spec?.ephemeralContainers?.length ?? 0), 0))
    for (const fromElsewhere of [false, true]) {
      const own = all.filter(({ pod }) => isStaticPod(pod) === fromElsewhere)
      const label = fromElsewhere ? 'true' : ''
      desiredPods.set(own.filter(({ isGone }) => !isGone).length, [label])
      activePods.set(own.filter(({ hasEnded, isGone }) => !hasEnded && !isGone).length, [label])
      for (const lifecycle of lifecycles) {
        for (const config of configs) {
          const working = own.filter(
            (worker) => lifecycleOf(worker) === lifecycle && configOf(worker) === config,
          )
          workingPods.set(working.length, [lifecycle, config, label])
        }
      }
    }
  })
}

const lifecycles = ['sync', 'terminating', 'terminated'] as const

function lifecycleOf(worker: PodWorker): (typeof lifecycles)[number] {
  if (worker.isTerminated) return 'terminated'
  return worker.isEnding ? 'terminating' : 'sync'
}

const configs = ['desired', 'orphan', 'runtime_only'] as const

/** One that only the runtime knew was made without a spec of the API. */
function configOf({ isGone, isRestored }: PodWorker): (typeof configs)[number] {
  if (!isGone) return 'desired'
  return isRestored ? 'runtime_only' : 'orphan'
}
