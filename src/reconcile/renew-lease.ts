import { Lease as leaseKind } from '../api/coordination/lease/kind.ts'
import type { coordination } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'

type Lease = coordination.v1.Lease

/** A Lease that nobody else writes. */
export interface OwnLease {
  readonly client: Client
  readonly namespace: string
  readonly name: string
  /** What is to be written, given what is there; `{}` where nothing is. */
  readonly renewed: (lease: Lease) => Lease
}

/** Writes the Lease: what was written last time is changed, else what is there, else it is made. Throws StatusError; then nothing is known of it. */
export async function renewLease(own: OwnLease, last: Lease | undefined): Promise<Lease> {
  const { client, namespace, name, renewed } = own
  const leases = client.resource(leaseKind)
  if (last !== undefined) return leases.update(renewed(last))
  try {
    return await leases.update(renewed(await leases.get(namespace, name)))
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    return leases.create(renewed({}))
  }
}
