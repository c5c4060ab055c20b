import type { ServerRequest } from '../request.ts'
import { createBinding } from './binding.ts'
import { createEviction } from './eviction.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'

type Handlers = Readonly<Record<string, (resource: Resource, request: ServerRequest) => Promise<Outcome>>>

/** Subresources that take another kind than their resource's, by `group/resource/subresource` and verb. */
export const ownSubresources: Readonly<Record<string, Handlers>> = {
  '/pods/binding': { create: createBinding },
  '/pods/eviction': { create: createEviction },
}
