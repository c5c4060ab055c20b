import type { Metrics } from '../base/metrics.ts'
import type { PodWorkers } from './pod/pod-workers.ts'

const states = ['created', 'running', 'exited', 'unknown'] as const

/** Upstream's metrics of a node agent (pkg/kubelet/metrics), read when they are asked for. */
export function registerKubeletMetrics(metrics: Metrics, nodeName: string, workers: PodWorkers): void {
  const runningPods = metrics.gauge({
    name: 'kubelet_running_pods',
    help: 'Number of pods that have a running pod sandbox',
  })
  const runningContainers = metrics.gauge({
    name: 'kubelet_running_containers',
    help: 'Number of containers currently running',
    labels: ['container_state'],
  })
  const desiredPods = metrics.gauge({
    name: 'kubelet_desired_pods',
    help: 'The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
    labels: ['static'],
  })
  metrics
    .gauge({ name: 'kubelet_node_name', help: "The node's name. The count is always 1.", labels: ['node'] })
    .set(1, [nodeName])
  metrics.onCollect(() => {
    const observed = workers.all().map((worker) => worker.observed)
    const ready = observed.filter(({ sandboxes }) => sandboxes.some(({ state }) => state === 'SANDBOX_READY'))
    runningPods.set(ready.length)
    desiredPods.set(workers.all().filter(({ isTerminated }) => !isTerminated).length, [''])
    const containers = observed.flatMap((pod) => pod.containers)
    for (const wanted of states) {
      runningContainers.set(containers.filter(({ state }) => state === wanted).length, [wanted])
    }
  })
}
