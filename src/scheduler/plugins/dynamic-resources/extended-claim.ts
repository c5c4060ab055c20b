import type { core, resource } from '../../../api/generated/types/index.ts'
import { uidBytes, uuidOf } from '../../../base/uuid.ts'
import { mayBeBacked } from '../../extended-resource-classes.ts'
import type { PluginContext, Rejection } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { PodInfo } from '../../pod-info.ts'
import { extendedRequests } from './extended-requests.ts'

type Claim = resource.v1.ResourceClaim

const annotation = 'resource.kubernetes.io/extended-resource-claim'
/** Not a name that a claim can have: until it is written the claim is here only. */
const nameInMemory = '<extended-resources>'

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })
const stale = refuse('cannot schedule extended resource claim')
const missing = refuse('cannot fit resource')

/** An index over claims: those for extended resources by the uid of their pod. */
export const extendedOwner = ({ metadata }: Claim): readonly string[] =>
  metadata?.annotations?.[annotation] === 'true'
    ? (metadata.ownerReferences ?? []).flatMap(({ uid, controller }) => (controller === true ? [uid] : []))
    : []

/** What a node has to find devices for. */
export interface NodeNeed {
  readonly claim: Claim
  readonly mappings: readonly core.v1.ContainerExtendedResourceRequest[]
}

/** The claim for all extended resources of a pod that devices are behind: each node has its own idea of it. */
export class ExtendedClaim {
  /** Left behind by an attempt that failed: it has to go first. */
  readonly leftOver: Claim | undefined
  readonly #pod: PodInfo
  readonly #classOf: (resource: string) => resource.v1.DeviceClass | undefined
  readonly #wanted: readonly string[]
  readonly #uid: string

  constructor(
    pod: PodInfo,
    { host }: Pick<PluginContext, 'host'>,
    classOf: (resource: string) => resource.v1.DeviceClass | undefined,
    leftOver: Claim | undefined,
  ) {
    this.#pod = pod
    this.#classOf = classOf
    this.#wanted = wantedBy(pod)
    this.#uid = leftOver?.metadata?.uid ?? uuidOf(host.randomBytes(uidBytes), 0)
    this.leftOver = leftOver
  }

  /** Undefined: the node's own amounts are enough, or NodeResourcesFit says that they are not. */
  on({ extended }: NodeInfo): NodeNeed | Rejection | undefined {
    if (this.leftOver?.spec.devices?.requests !== undefined) return stale
    const needed: string[] = []
    for (const name of this.#wanted) {
      const offered = extended.get(name)
      if ((offered?.allocatable ?? 0) === 0 && this.#classOf(name) !== undefined) needed.push(name)
      else if (offered === undefined) return missing
    }
    if (needed.length === 0) return undefined
    const { requests, mappings } = extendedRequests(this.#pod.pod, needed, this.#classOf)
    return { claim: { ...this.#claim(), spec: { devices: { requests: [...requests] } } }, mappings }
  }

  #claim(): Omit<Claim, 'spec'> {
    const { namespace = '', name = '', uid = '' } = this.#pod.pod.metadata ?? {}
    return {
      metadata: {
        ...{ namespace, name: nameInMemory, uid: this.#uid },
        generateName: `${name}-extended-resources-`,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
        annotations: { [annotation]: 'true' },
      },
    }
  }
}

const wantedBy = ({ requests }: PodInfo): readonly string[] =>
  [...requests].flatMap(([name, amount]) => (amount > 0 && mayBeBacked(name) ? [name] : []))

/** Whether any of the pod's extended resources has a device class. */
export const needsExtendedClaim = (
  pod: PodInfo,
  classOf: (resource: string) => resource.v1.DeviceClass | undefined,
): boolean => wantedBy(pod).some((name) => classOf(name) !== undefined)
