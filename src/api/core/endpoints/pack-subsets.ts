import { defined } from '../../../base/defined.ts'
import type { core } from '../../generated/types/index.ts'

type Address = core.v1.EndpointAddress
type Port = core.v1.EndpointPort
type Subset = core.v1.EndpointSubset

/** An address that serves a port; no port for services that have none. */
export interface PortUse {
  readonly address: Address
  readonly isReady: boolean
  readonly port: Port | undefined
}

interface Users {
  readonly port: Port | undefined
  /** By address and pod; not ready wins where a pod serves a port twice. */
  readonly uses: Map<string, PortUse>
}

/** By address, then by the pod's uid. */
const addressKey = ({ ip, targetRef }: Address): string => `${ip} ${targetRef?.uid ?? ''}`

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function addressesOf(uses: readonly PortUse[], isReady: boolean): readonly Address[] | undefined {
  const addresses = uses.filter((use) => use.isReady === isReady).map(({ address }) => address)
  return addresses.length === 0 ? undefined : addresses
}

/** Ports that the same addresses serve, in the same condition, share a subset. In a fixed order, so that equal inputs give equal outputs. */
export function packSubsets(uses: readonly PortUse[]): readonly Subset[] {
  const byPort = new Map<string, Users>()
  for (const use of uses) {
    const portKey = JSON.stringify(use.port ?? null)
    const users = byPort.get(portKey) ?? { port: use.port, uses: new Map<string, PortUse>() }
    byPort.set(portKey, users)
    const key = addressKey(use.address)
    if (users.uses.get(key)?.isReady !== false) users.uses.set(key, use)
  }
  const subsets = new Map<string, { uses: readonly PortUse[]; ports: Port[] }>()
  for (const { port, uses: users } of byPort.values()) {
    const sorted = [...users].sort(([a], [b]) => compare(a, b))
    const key = sorted.map(([address, { isReady }]) => `${address} ${isReady}`).join()
    const subset = subsets.get(key) ?? { uses: sorted.map(([, use]) => use), ports: [] }
    subsets.set(key, subset)
    if (port !== undefined) subset.ports.push(port)
  }
  return [...subsets.values()]
    .map(({ uses: users, ports }) =>
      defined({
        addresses: addressesOf(users, true),
        notReadyAddresses: addressesOf(users, false),
        ports:
          ports.length === 0
            ? undefined
            : ports.sort((a, b) => compare(a.name ?? '', b.name ?? '') || a.port - b.port),
      }),
    )
    .sort((a, b) => compare(JSON.stringify(a.ports ?? null), JSON.stringify(b.ports ?? null)))
}

function usesOf({ addresses = [], notReadyAddresses = [], ports = [] }: Subset): readonly PortUse[] {
  const uses = (port: Port | undefined, isReady: boolean) => (address: Address) => ({
    address,
    isReady,
    port,
  })
  const all: readonly (Port | undefined)[] = ports.length === 0 ? [undefined] : ports
  return all.flatMap((port) => [
    ...addresses.map(uses(port, true)),
    ...notReadyAddresses.map(uses(port, false)),
  ])
}

/** The same endpoints as fewest subsets: each address once for a port, ports that the same addresses serve together. */
export const repackSubsets = (subsets: readonly Subset[]): readonly Subset[] =>
  packSubsets(subsets.flatMap(usesOf))
