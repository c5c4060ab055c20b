import type { ObjectDecoder } from '../../apimachinery/codec/decode-object.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import type { Host } from '../../base/host.ts'
import type { VerifySignature } from '../../base/signature.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AdmissionChain } from '../admission-chain.ts'
import type { Authorizer } from '../authorizer.ts'
import type { Mirror } from '../cache/mirror.ts'
import type { ChunkPool } from '../represent/chunk-pool.ts'
import type { WriteAllocator } from '../write-allocator.ts'
import type { BodyParsers } from './body.ts'
import type { Identities } from './identities.ts'
import type { Resource } from './resource.ts'
import type { ResourceVersions } from './resource-versions.ts'

/** What all of REST works with; one for a server. */
export interface RestContext {
  readonly host: Host
  readonly identities: Identities
  readonly versions: ResourceVersions
  /** The kinds that the server is made with, by `apiVersion/resource`: for verbs that write to a second one. */
  readonly builtIn: ReadonlyMap<string, Resource>
  readonly mirror: Mirror
  /** For reads of the past; everything else goes through the mirror. */
  readonly storage: Storage
  readonly admission: AdmissionChain
  readonly allocators: readonly WriteAllocator[]
  readonly authorizer: Authorizer
  readonly decoder: ObjectDecoder
  readonly parsers: BodyParsers
  readonly chunks: ChunkPool
  readonly schemas: Schemas
  readonly features: Features
  /** Absent: signatures of certificate requests are not looked at. */
  readonly verifySignature?: VerifySignature
  /** Tests: what is written must survive JSON, and is frozen deeply. */
  readonly checked: boolean
}
