import { fill, fillUnset, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'

/** A claim waits for a volume, which it wants to be a file system. */
export function defaultClaim(claim: core.v1.PersistentVolumeClaim): core.v1.PersistentVolumeClaim {
  const status = fill(claim.status ?? {}, { phase: 'Pending' })
  const next = set(claim, 'status', status)
  if (claim.spec === undefined) return next
  return set(next, 'spec', fillUnset(claim.spec, { volumeMode: 'Filesystem' }))
}
