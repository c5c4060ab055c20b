import type { Host } from '../../base/host.ts'
import type { MultiplexAcceptor } from '../../base/multiplex.ts'
import type { AdmissionChain } from '../admission-chain.ts'
import type { Authorizer } from '../authorizer.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { BackendConnector } from './backend.ts'

/** What connect endpoints work with. */
export interface ConnectContext {
  readonly host: Host
  readonly reader: ObjectReader
  readonly admission: AdmissionChain
  readonly authorizer: Authorizer
  readonly connector: BackendConnector
  /** For clients that speak SPDY. */
  readonly acceptMultiplexed: MultiplexAcceptor
  readonly preferredAddressTypes?: readonly string[] | undefined
}
