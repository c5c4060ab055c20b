import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { notFound } from '../../apimachinery/status-error.ts'
import { jsonText } from '../../base/json-text.ts'
import { CachedObject } from '../cache/cached-object.ts'
import type { ComputedResource } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import type { ListResult } from './list.ts'
import { listOptions } from './list-options.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'

const encoder = new TextEncoder()

export async function getComputed(computed: ComputedResource, name: string): Promise<Outcome> {
  const object = await computed.get(name)
  if (object === undefined) throw notFound({ group: computed.group, resource: computed.unknownName, name })
  return objectOutcome(object)
}

/** All that the selectors pick: there is no revision, and no limit. */
export async function listComputed(
  resource: Resource,
  computed: ComputedResource,
  request: ServerRequest,
): Promise<ListResult> {
  const { labels, fields } = listOptions(request, resource.kind)
  const records = (await computed.list())
    .map(recordOf)
    .filter((record) => resource.cache.matches(record, { namespace: '', labels, fields }))
  return { records, metadata: {} }
}

const recordOf = (object: KubernetesObject): CachedObject =>
  new CachedObject(object.metadata?.name ?? '', 0, encoder.encode(jsonText(object)), 0, undefined)
