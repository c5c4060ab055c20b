import type { core } from '../../api/generated/types/index.ts'
import { type IpAddress, parseIp } from '../../apimachinery/ip-address.ts'
import type { StringMap } from '../../apimachinery/meta.ts'

/** A node as administrators' policies see it. */
export interface PolicyNode {
  readonly labels: StringMap
  readonly addresses: readonly IpAddress[]
  /** This one: what its pods send to it does not leave it. */
  readonly local: boolean
}

export const policyNode = ({ metadata, status }: core.v1.Node, local: boolean): PolicyNode => ({
  labels: metadata?.labels ?? {},
  addresses: (status?.addresses ?? []).flatMap(({ address }) => parseIp(address ?? '') ?? []),
  local,
})

/** Equal where policies see no difference; most changes of a node are of its conditions. */
export const nodeText = ({ metadata, status }: core.v1.Node): string =>
  JSON.stringify([metadata?.labels, status?.addresses])
