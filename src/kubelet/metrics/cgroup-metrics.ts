import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { PodCgroups } from '../pod/pod-context.ts'

/** Groups of pods whose making, changing and removing is timed, by upstream's names. */
export function timedCgroups(
  cgroups: PodCgroups,
  metrics: Metrics,
  host: Pick<Host, 'monotonicMs'>,
): PodCgroups {
  const durations = metrics.histogram({
    name: 'kubelet_cgroup_manager_duration_seconds',
    help: 'Duration in seconds for cgroup manager operations. Broken down by method.',
    labels: ['operation_type'],
  })
  async function timed(operation: 'create' | 'update' | 'destroy', work: Promise<void>): Promise<void> {
    const fromMs = host.monotonicMs()
    try {
      await work
    } finally {
      durations.observe((host.monotonicMs() - fromMs) / 1000, [operation])
    }
  }
  return {
    rootName: cgroups.rootName,
    start: (limits) => timed('update', cgroups.start(limits)),
    hold: (name, limits) => timed('update', cgroups.hold(name, limits)),
    parent: (pod) => cgroups.parent(pod),
    ensure: (pod) => timed('create', cgroups.ensure(pod)),
    limits: (podUid) => cgroups.limits(podUid),
    resize: (pod, limits) => timed('update', cgroups.resize(pod, limits)),
    remove: (podUid) => timed('destroy', cgroups.remove(podUid)),
    found: () => cgroups.found(),
  }
}
