import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Logger } from '../../base/logger.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { wholeOf } from '../represent/list-source.ts'
import { PackedStream } from '../represent/packed-stream.ts'
import type { Representations } from '../represent/representations.ts'
import type { RequestAudit, ServerRequest } from '../request.ts'
import { objectResponse, type ServerResponse } from '../response.ts'
import type { ListResult } from './list.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'

/** Up to this a list is sent whole. */
const wholeListBytes = 64 * 1024
/** Of what a list says beside its items; more where that is much. */
const headBytes = 512
const sliceMs = 5

/** One object as the client wants it. */
export function answerObject(
  resource: Resource,
  request: ServerRequest,
  representations: Representations,
  outcome: Outcome,
): ServerResponse {
  if (request.audit !== undefined) tell(request.audit, resource, outcome)
  if (request.source.wantsObjects) {
    const object = outcome.type === 'record' ? readOnce(resource, outcome.record) : outcome.object
    return objectResponse(object, outcome.status)
  }
  const representation = representations.choose(request, 'object')
  const bytes =
    outcome.type === 'record' ? representation.one(outcome.record) : representation.object(outcome.object)
  const { contentType } = representation
  return { type: 'bytes', status: outcome.status, contentType, chunks: [bytes] }
}

/** A record is what it is in the store; what was made for the answer may be a Status. */
function tell(audit: RequestAudit, resource: Resource, outcome: Outcome): void {
  if (outcome.type === 'object') audit.answered(outcome.object)
  else if (audit.wantsAnswer) audit.answered(readOnce(resource, outcome.record))
}

/** What lives for a while only (events) is written and hardly ever read: decoded it would crowd out what others use. */
function readOnce(resource: Resource, record: CachedObject): KubernetesObject {
  const object = resource.read(record)
  if (resource.kind.timeToLiveMs !== undefined) resource.cache.forgetDecoded(record)
  return object
}

/** A list as the client wants it. */
export async function answerList(
  resource: Resource,
  request: ServerRequest,
  representations: Representations,
  result: ListResult,
  logger: Logger,
): Promise<ServerResponse> {
  if (request.source.wantsObjects) return objectResponse(await listObject(resource, result))
  if (request.audit?.wantsAnswer === true) request.audit.answered(await listObject(resource, result))
  const representation = representations.choose(request, 'list')
  const source = await representation.list(result.records, result.metadata)
  const { contentType } = representation
  const bytes = bytesOf(result.records)
  if (bytes <= wholeListBytes)
    return { type: 'bytes', status: 200, contentType, chunks: wholeOf(source, bytes + headBytes) }
  const { host, chunks } = resource.context
  const stream = new PackedStream(host, logger, chunks, source)
  return {
    type: 'stream',
    status: 200,
    contentType,
    flushHead: false,
    start: (sink) => stream.start(sink),
  }
}

function bytesOf(records: readonly CachedObject[]): number {
  let sum = 0
  for (const record of records) {
    sum += record.bytes.length
    if (sum > wholeListBytes) break
  }
  return sum
}

async function listObject(resource: Resource, { records, metadata }: ListResult): Promise<object> {
  const { host } = resource.context
  const items: KubernetesObject[] = []
  let sliceStartMs = host.monotonicMs()
  for (const record of records) {
    items.push(resource.read(record))
    if (items.length % 64 !== 0 || host.monotonicMs() - sliceStartMs < sliceMs) continue
    await host.nextTurn()
    sliceStartMs = host.monotonicMs()
  }
  const { layout, apiVersion } = resource
  return { kind: layout.listKind, apiVersion, metadata, items }
}
