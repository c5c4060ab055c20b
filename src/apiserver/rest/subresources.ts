import type { ServerRequest } from '../request.ts'
import { createBinding } from './binding.ts'
import { createEviction } from './eviction.ts'
import type { Outcome } from './outcome.ts'
import { put } from './put.ts'
import type { Resource } from './resource.ts'

type Handler = (resource: Resource, request: ServerRequest) => Promise<Outcome>
type Handlers = Readonly<Record<string, Handler>>

/** Subresources that take another kind than their resource's, or less than others do, by `group/resource/subresource` and verb. */
export const ownSubresources: Readonly<Record<string, Handlers>> = {
  '/pods/binding': { create: createBinding },
  '/pods/eviction': { create: createEviction },
  '/namespaces/finalize': { update: put },
}

/** Resources that are only another way to such a subresource, by `group/version/resource`: whose, and what a POST does. */
export const ownAliases: Readonly<
  Record<string, { readonly of: string; readonly create: Handler } | undefined>
> = {
  '/v1/bindings': { of: '/v1/pods', create: createBinding },
}
