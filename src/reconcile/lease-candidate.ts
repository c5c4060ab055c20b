import { LeaseCandidate } from '../api/coordination/lease-candidate/kind.ts'
import { oldestEmulationVersion } from '../api/coordination/lease-strategy.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { formatMicroTime, timeMs } from '../apimachinery/time.ts'
import { type AnyController, defineController, requeueAfter, watching } from './controller.ts'

export interface LeaseCandidacy {
  readonly namespace: string
  /** Of the candidate: its identity in the election. */
  readonly name: string
  /** The lease that it would hold. */
  readonly leaseName: string
  /** `1.36.0`, of the program and of the release that it behaves as. */
  readonly binaryVersion: string
  readonly emulationVersion: string
}

/** As client-go's candidates: a sign of life without having been asked. */
const renewEveryMs = 5 * 60_000

/** The coordinator has asked whether the candidate is still there. */
function isPinged({ spec }: coordination.v1beta1.LeaseCandidate): boolean {
  return spec?.pingTime !== undefined && timeMs(spec.pingTime) > timeMs(spec.renewTime ?? '')
}

/** Offers a candidate for an election that the API server coordinates, and answers when it asks (KEP-4355). */
export function leaseCandidate({ namespace, name, ...spec }: LeaseCandidacy): AnyController {
  const key = `${namespace}/${name}`
  return defineController({
    name: 'leasecandidate',
    watches: [
      watching({
        kind: LeaseCandidate,
        selection: { namespace, fieldSelector: `metadata.name=${name}` },
        when: (candidate, old) => old !== undefined && (candidate === undefined || isPinged(candidate)),
        keys: () => [key],
      }),
    ],
    setUp: ({ enqueue }) => enqueue(key),
    reconcile: async (_, { cache, api, host }) => {
      const candidates = api.resource(LeaseCandidate)
      const known = cache.of(LeaseCandidate).get(namespace, name)
      const renewTime = formatMicroTime(host.now())
      if (known?.spec === undefined) {
        const made = { ...spec, strategy: oldestEmulationVersion, renewTime }
        await candidates.create({ metadata: { namespace, name }, spec: made })
      } else await candidates.update({ ...known, spec: { ...known.spec, renewTime } })
      return requeueAfter(renewEveryMs)
    },
  })
}
