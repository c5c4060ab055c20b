import { allPorts, intersect, noPorts, type PortSet, subtract, unite } from './port-set.ts'

/** Who decides first: administrators' policies, then NetworkPolicies, then the administrators' baseline. */
export type Tier = 'admin' | 'namespace' | 'baseline'
/** `pass`: the administrators leave it to the next tier. */
export type Action = 'allow' | 'deny' | 'pass'

/** What one rule says of a peer. */
export interface Claim {
  readonly tier: Tier
  readonly action: Action
  /** Of two rules of a tier the one with the lower number decides. */
  readonly order: number
  readonly ports: PortSet
}

/** What one tier's rules decide of `open`, in their order. */
function decide(claims: readonly Claim[], open: PortSet): Readonly<Record<Action | 'open', PortSet>> {
  const decided = { allow: noPorts, deny: noPorts, pass: noPorts, open }
  for (const { action, ports } of [...claims].sort((a, b) => a.order - b.order)) {
    const hit = intersect(ports, decided.open)
    decided[action] = unite([decided[action], hit])
    decided.open = subtract(decided.open, hit)
  }
  return decided
}

/** The ports at which a peer may be spoken with. `isolated`: some NetworkPolicy selects the pod. */
export function allowedPorts(claims: readonly Claim[], isolated: boolean): PortSet {
  const of = (tier: Tier): readonly Claim[] => claims.filter((claim) => claim.tier === tier)
  const admin = decide(of('admin'), allPorts)
  const left = unite([admin.open, admin.pass])
  if (isolated) {
    const granted = unite(of('namespace').map(({ ports }) => ports))
    return unite([admin.allow, intersect(granted, left)])
  }
  const baseline = decide(of('baseline'), left)
  return unite([admin.allow, baseline.allow, baseline.open])
}
