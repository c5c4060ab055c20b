import type { core } from '../api/generated/types/index.ts'
import type { Route } from './route.ts'

export function internalIpOf(node: core.v1.Node): string | undefined {
  return node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
}

export function podCidrsOf(node: core.v1.Node | undefined): readonly string[] {
  const spec = node?.spec
  if (spec?.podCIDRs !== undefined && spec.podCIDRs.length > 0) return spec.podCIDRs
  return spec?.podCIDR === undefined || spec.podCIDR === '' ? [] : [spec.podCIDR]
}

/** The routes by which this node reaches the pods of the others: each by its node's address. Pure. */
export function peerRoutes(nodes: readonly core.v1.Node[], nodeName: string): readonly Route[] {
  return nodes
    .filter(({ metadata }) => metadata?.name !== nodeName)
    .flatMap((node) => {
      const via = internalIpOf(node)
      if (via === undefined) return []
      const sameFamily = podCidrsOf(node).filter((cidr) => cidr.includes(':') === via.includes(':'))
      return sameFamily.map((destination) => ({ destination, via }))
    })
}

export interface RouteChanges {
  readonly replace: readonly Route[]
  readonly remove: readonly Route[]
}

/** What turns `existing` into `desired`. A device that the kernel chose itself is no difference. */
export function planRoutes(existing: readonly Route[], desired: readonly Route[]): RouteChanges {
  const have = new Map(existing.map((route) => [route.destination, route]))
  const want = new Set(desired.map(({ destination }) => destination))
  const differs = (route: Route): boolean => {
    const old = have.get(route.destination)
    return (
      old === undefined ||
      old.via !== route.via ||
      (route.device !== undefined && old.device !== route.device) ||
      (route.source !== undefined && old.source !== route.source)
    )
  }
  return {
    replace: desired.filter(differs),
    remove: existing.filter(({ destination }) => !want.has(destination)),
  }
}
