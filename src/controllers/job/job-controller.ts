import { isJobFinished } from '../../api/batch/job/job-conditions.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { Workload } from '../../api/scheduling/workload/kind.ts'
import { validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { assert } from '../../base/assert.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import { watchOrphans } from '../../reconcile/watch-orphans.ts'
import { groupIndexers } from './ensure-pod-group.ts'
import { JobMetrics } from './job-metrics.ts'
import { isManagedElsewhere } from './job-pod.ts'
import { Memories } from './memory.ts'
import { orphanOf, orphanWatches, releaseOrphan } from './orphan-pods.ts'
import { syncJob } from './sync-job.ts'

/** Time in which ends of a job's pods gather before they are counted: a job of many pods is written once for many. */
const spacingMs = 200

/** Upstream's, for a job that could not be reconciled. */
const backOff = { baseMs: 1_000, maxMs: 60_000 }

async function reconcile(
  key: Key,
  memories: Memories,
  metrics: JobMetrics,
  groupsPods: boolean,
  context: ReconcileContext,
): Promise<Outcome> {
  const orphan = orphanOf(key)
  if (orphan !== undefined) return releaseOrphan(orphan, context)
  const job = context.cache.of(JobKind).get(...splitKey(key))
  if (job === undefined || isJobFinished(job)) {
    memories.forget(key)
    return done
  }
  if (isManagedElsewhere(job)) return done
  return syncJob({ key, job, memories, metrics, groupsPods, context })
}

function follow({ informers, metrics }: ControllerSetup): JobMetrics {
  const counters = new JobMetrics(metrics)
  informers.informer(PodKind).onChange((pod, old) => counters.podChanged(pod, old))
  informers.informer(JobKind).onChange((job, old) => {
    if (job?.spec?.managedBy !== undefined && old === undefined && isManagedElsewhere(job))
      counters.managedElsewhere(job.spec.managedBy)
  })
  return counters
}

export interface JobOptions {
  /** Behind the gate WorkloadWithJob: jobs whose pods are of use only all together get a Workload and a PodGroup. */
  readonly groupsPods?: boolean
}

/** Runs pods until as many have succeeded as each Job wants, or too many have failed. */
export function jobController({ groupsPods = false }: JobOptions = {}): AnyController {
  const memories = new Memories()
  let metrics: JobMetrics | undefined
  return defineController({
    name: 'job',
    reconciles: JobKind,
    owns: [PodKind],
    watches: [
      watchOrphans(PodKind, JobKind, ({ spec }, pod) =>
        validLabelMatcher(spec?.selector).matches(pod.metadata?.labels),
      ),
      ...orphanWatches,
    ],
    permissions: [
      { group: '', resources: ['pods'], verbs: ['create', 'delete', 'list', 'patch', 'watch'] },
      { group: 'batch', resources: ['jobs'], verbs: ['get', 'list', 'patch', 'update', 'watch'] },
      { group: 'batch', resources: ['jobs/status', 'jobs/finalizers'], verbs: ['update'] },
      ...(groupsPods
        ? [{ group: 'scheduling.k8s.io', resources: ['workloads', 'podgroups'], verbs: ['create'] }]
        : []),
    ],
    ...(groupsPods ? { reads: [Workload, PodGroup], indexers: groupIndexers } : {}),
    spacingMs,
    backOff,
    setUp: (setup) => {
      metrics = follow(setup)
    },
    reconcile: (key, context) => {
      assert(metrics, 'a controller is set up before its first key')
      return reconcile(key, memories, metrics, groupsPods, context)
    },
  })
}
