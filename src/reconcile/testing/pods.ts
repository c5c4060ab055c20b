import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'

export interface PodTraits {
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly node?: string
  readonly phase?: string
  /** Milliseconds since the epoch when it became ready. */
  readonly readySinceMs?: number
  readonly createdMs?: number
  readonly restarts?: number
  readonly isDeleting?: boolean
  readonly uid?: string
  readonly ip?: string
}

/** A pod with just what a decision looks at. */
export function podWith(traits: PodTraits): core.v1.Pod {
  const { name = 'p', phase = 'Running', readySinceMs, restarts = 0, createdMs = 0 } = traits
  const ready: core.v1.PodCondition =
    readySinceMs === undefined
      ? { type: 'Ready', status: 'False' }
      : { type: 'Ready', status: 'True', lastTransitionTime: formatTime(readySinceMs) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: traits.uid ?? `uid-of-${name}`,
      creationTimestamp: formatTime(createdMs),
      ...(traits.labels === undefined ? {} : { labels: traits.labels }),
      ...(traits.annotations === undefined ? {} : { annotations: traits.annotations }),
      ...(traits.isDeleting ? { deletionTimestamp: formatTime(createdMs) } : {}),
    },
    spec: { containers: [], ...(traits.node === undefined ? {} : { nodeName: traits.node }) },
    status: {
      phase,
      conditions: [ready],
      ...(traits.ip === undefined ? {} : { podIP: traits.ip, podIPs: [{ ip: traits.ip }] }),
      containerStatuses: [
        { name: 'c', image: '', imageID: '', ready: readySinceMs !== undefined, restartCount: restarts },
      ],
    },
  }
}
