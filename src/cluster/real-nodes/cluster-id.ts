import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

/** Six letters that tell one data directory's networks and groups from another's on the same machine. */
export function clusterId(dataDirectory: string): string {
  return createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 6)
}

export const networkName = (id: string, node: string): string => `timonel-${id}-${node}`.slice(0, 32)
