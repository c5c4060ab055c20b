import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'

/** Who this process is in an election: two of them on one machine must not both lead. */
export const electionIdentity = (): string => `${hostname()}_${randomUUID()}`
