import { Lease } from '../../api/coordination/lease/kind.ts'
import { LeaseCandidate } from '../../api/coordination/lease-candidate/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatMicroTime, timeMs } from '../../apimachinery/time.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import {
  candidateLifeMs,
  type ElectionStep,
  electionMs,
  isCandidateExpired,
  planElection,
} from './plan-election.ts'

/** An election is looked at again that often, as long as there are candidates: leases expire silently. */
const lookAgainMs = 5_000
const byLease = 'lease'

async function ping(step: ElectionStep & { type: 'ping' }, { api, host }: ReconcileContext): Promise<void> {
  const pingTime = formatMicroTime(host.now())
  const update = async (candidate: (typeof step.candidates)[number]): Promise<void> => {
    if (candidate.spec === undefined) return
    await api.resource(LeaseCandidate).update({ ...candidate, spec: { ...candidate.spec, pingTime } })
  }
  await Promise.all(step.candidates.map(update))
}

async function electionStep(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { api, cache, host, logger } = context
  const [namespace = '', name = ''] = key.split('/')
  const candidates = cache.of(LeaseCandidate).byIndex(byLease, key)
  const lease = cache.of(Lease).get(namespace, name)
  const step = planElection(lease?.spec ?? (lease && {}), candidates, host.now())
  if (step.type === 'none') return done
  if (step.type === 'wait' && step.why !== undefined)
    logger.warn('an election cannot be held', { lease: key, why: step.why })
  if (step.type === 'ping') await ping(step, context)
  if (step.type === 'elect') {
    const leases = api.resource(Lease)
    if (lease === undefined) await leases.create({ metadata: { namespace, name }, spec: step.spec })
    else if (!jsonEqual(lease.spec, step.spec)) await leases.update({ ...lease, spec: step.spec })
    logger.info('an election was held', { lease: key, holder: step.spec.holderIdentity })
  }
  return requeueAfter(lookAgainMs)
}

/** Elects the leaders of leases that have LeaseCandidates: those that behave like the oldest release (KEP-4355). */
export const leaderElectionController: AnyController = defineController({
  name: 'leader-election-controller',
  reconciles: Lease,
  // Renewals of leases that nobody coordinates are many and of no interest.
  when: (lease) => lease?.spec?.strategy !== undefined || lease === undefined,
  watches: [
    watching({
      kind: LeaseCandidate,
      // Asked just now: the answer will come.
      when: (candidate) => {
        const { pingTime, renewTime } = candidate?.spec ?? {}
        return pingTime === undefined || timeMs(renewTime ?? '') >= timeMs(pingTime)
      },
      keys: ({ metadata, spec }) => [`${metadata?.namespace}/${spec?.leaseName}`],
    }),
  ],
  indexers: [
    indexing(LeaseCandidate, {
      [byLease]: ({ metadata, spec }) => [`${metadata?.namespace}/${spec?.leaseName}`],
    }),
  ],
  permissions: [
    { group: 'coordination.k8s.io', resources: ['leases'], verbs: ['create', 'update'] },
    { group: 'coordination.k8s.io', resources: ['leasecandidates'], verbs: ['update'] },
  ],
  workers: 1,
  reconcile: electionStep,
})

/** Deletes candidates that have given no sign of life for half an hour. */
export const leaseCandidateGc: AnyController = defineController({
  name: 'leasecandidate-garbage-collector',
  reconciles: LeaseCandidate,
  when: (candidate, old) => candidate !== undefined && old === undefined,
  permissions: [{ group: 'coordination.k8s.io', resources: ['leasecandidates'], verbs: ['delete'] }],
  workers: 1,
  reconcile: async (key, { api, cache, host }) => {
    const [namespace = '', name = ''] = key.split('/')
    const known = cache.of(LeaseCandidate).get(namespace, name)
    if (known === undefined) return done
    // Who has just offered itself has shown that it lives.
    const isFresh = timeMs(known.metadata?.creationTimestamp ?? '') + candidateLifeMs >= host.now()
    if (isFresh || !isCandidateExpired(known, host.now())) return requeueAfter(candidateLifeMs + electionMs)
    const candidates = api.resource(LeaseCandidate)
    try {
      const live = await candidates.get(namespace, name)
      if (isCandidateExpired(live, host.now())) await candidates.delete(namespace, name)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
    return requeueAfter(candidateLifeMs + electionMs)
  },
})
