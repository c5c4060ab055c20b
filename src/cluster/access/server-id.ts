import { createHash } from 'node:crypto'
import { hostname } from 'node:os'

/** Names this machine's API server among others in metrics, as upstream's identity does. */
export const serverId = (): string =>
  `apiserver-${createHash('sha256').update(hostname()).digest('hex').slice(0, 32)}`
