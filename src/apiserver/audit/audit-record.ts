import { goDurationText } from '../../apimachinery/go-duration.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import { uidBytes, uuidOf } from '../../base/uuid.ts'
import type { RequestAudit, ServerRequest, UserInfo } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditObjectReference, AuditStatus, AuditUser } from './audit-event.ts'
import type { AuditConfig, AuditStage } from './audit-policy.ts'
import { RecordedEntry, type RequestFields } from './recorded-entry.ts'
import { auditUser, type Quoted, type RequestTexts } from './request-texts.ts'
import { withoutManagedFields } from './without-managed-fields.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

const maxAgentLength = 1024
/** Where the time of a request went is told from here on (upstream's number). */
const slowMs = 500
const decoder = new TextDecoder()

/** The target as it came, but for needless escapes. */
export function requestUri({ path, query }: ServerRequest): string {
  const escaped = encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')
  return query.isEmpty ? escaped : `${escaped}?${query.text}`
}

function agentOf(request: ServerRequest): string {
  const agent = request.header('user-agent') ?? ''
  return agent.length > maxAgentLength ? `${agent.slice(0, maxAgentLength)}...TRUNCATED` : agent
}

const text = (fields: Fields, name: string): string | undefined => {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function statusOf(object: unknown): AuditStatus | undefined {
  if (!isFields(object) || object['kind'] !== 'Status' || object['apiVersion'] !== 'v1') return undefined
  const { code, details } = object
  return {
    metadata: {},
    ...defined({
      status: text(object, 'status'),
      message: text(object, 'message'),
      reason: text(object, 'reason'),
      details,
      code: typeof code === 'number' ? code : undefined,
    }),
  }
}

/** In microseconds at the finest. */
const durationText = (ms: number): string => goDurationText(Number(ms.toFixed(3)))

/** Where the time of a slow request went. */
function latencyAnnotations({ latencies }: ServerRequest, totalMs: number): readonly [string, string][] {
  if (totalMs <= slowMs) return []
  const stages = [...latencies].filter(([, ms]) => ms > 0)
  return [...stages, ['total', totalMs] as const].map(([stage, ms]) => [
    `apiserver.latency.k8s.io/${stage}`,
    durationText(ms),
  ])
}

const noAnnotations: readonly (readonly [string, string])[] = []

function annotationsOf(request: ServerRequest, elapsedMs: number): readonly (readonly [string, string])[] {
  const { annotations } = request
  if (annotations.size === 0 && elapsedMs <= slowMs) return noAnnotations
  const all = [...annotations, ...latencyAnnotations(request, elapsedMs)]
  return all.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What becomes known of a request, stage by stage. */
export class AuditRecord implements RequestAudit {
  readonly config: AuditConfig
  readonly wantsAnswer: boolean
  readonly wantsSent: boolean
  readonly #host: Host
  readonly #request: ServerRequest
  readonly #texts: RequestTexts
  readonly #auditId: string
  readonly #receivedMs: number
  readonly #user: Quoted<AuditUser>
  /** Made with the first event: a stage that is left out costs nothing. */
  #told: RequestFields | undefined
  #object: AuditObjectReference | undefined
  #impersonated: AuditUser | undefined
  #constraint = ''
  #sent: unknown
  #answer: unknown
  #status: AuditStatus | undefined

  constructor(host: Host, texts: RequestTexts, request: ServerRequest, config: AuditConfig) {
    this.#host = host
    this.#texts = texts
    this.#request = request
    this.config = config
    this.wantsAnswer = config.level === 'RequestResponse'
    this.wantsSent = this.wantsAnswer || config.level === 'Request'
    this.#auditId = request.header('audit-id') || uuidOf(host.randomBytes(uidBytes), 0)
    request.auditId = this.#auditId
    // The clock of requests has microseconds, the clock on the wall has not.
    this.#receivedMs = host.now() - (host.monotonicMs() - request.startedMs)
    this.#user = texts.user(request)
    const { isResourceRequest, resource, namespace, name, group, version, subresource } = request.info
    if (isResourceRequest)
      this.#object = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource }
  }

  sent(object: unknown): void {
    const { metadata } = isFields(object) ? object : {}
    if (isFields(metadata) && this.#object !== undefined) {
      const known = this.#object
      this.#object = {
        ...known,
        namespace: known.namespace || text(metadata, 'namespace') || '',
        name: known.name || text(metadata, 'name') || '',
        uid: text(metadata, 'uid') ?? '',
        resourceVersion: text(metadata, 'resourceVersion') ?? '',
      }
    }
    if (this.wantsSent) this.#sent = this.#shown(object)
  }

  sentPatch(patch: unknown): void {
    if (!this.wantsSent) return
    if (!(patch instanceof Uint8Array)) {
      this.#sent = patch
      return
    }
    const read = decoder.decode(patch)
    try {
      this.#sent = JSON.parse(read)
    } catch {
      // No patch at all, as the answer will say.
      this.#sent = read
    }
  }

  impersonated(user: UserInfo, constraint: string): void {
    this.#impersonated = auditUser(user)
    this.#constraint = constraint
  }

  answered(object: unknown): void {
    this.#status = statusOf(object)
    if (this.wantsAnswer) this.#answer = this.#shown(object)
  }

  /** What the client is told. */
  answeredBy(response: ServerResponse): void {
    if (response.type === 'object') this.answered(response.object)
    else if (response.type === 'bytes' && this.#answer !== undefined) this.#answeredAs(response)
    const code = response.type === 'upgrade' ? 101 : response.status
    this.#status = { metadata: {}, ...this.#status, code }
  }

  /** Where it is JSON an answer is what the client sees: a table, for one. */
  #answeredAs({ contentType, chunks }: { contentType: string; chunks: readonly Uint8Array[] }): void {
    if (!contentType.startsWith('application/json')) return
    const json = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
    this.#answer = this.#shown(JSON.parse(json))
  }

  panicked(error: unknown): void {
    const message = `APIServer panic'd: ${messageOf(error)}`
    this.#status = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 }
  }

  #shown(object: unknown): unknown {
    return this.config.omitManagedFields ? withoutManagedFields(object) : object
  }

  #fields(): RequestFields {
    const request = this.#request
    return {
      level: this.config.level,
      auditID: this.#auditId,
      requestURI: requestUri(request),
      verb: request.info.verb,
      user: this.#user,
      sourceIPs: this.#texts.addresses(request),
      userAgent: agentOf(request),
      received: this.#texts.time(this.#receivedMs),
    }
  }

  /** As it is now: what becomes known later does not change it. */
  entry(stage: AuditStage): AuditEntry {
    const request = this.#request
    const elapsedMs = stage === 'RequestReceived' ? 0 : this.#host.monotonicMs() - request.startedMs
    this.#told ??= this.#fields()
    return new RecordedEntry(this.#told, {
      stage,
      impersonated: this.#impersonated,
      constraint: this.#constraint,
      object: this.#object,
      status: this.#status,
      sent: this.#sent,
      answer: this.#answer,
      time: elapsedMs === 0 ? this.#told.received : this.#texts.time(this.#receivedMs + elapsedMs),
      annotations: annotationsOf(request, stage === 'ResponseComplete' ? elapsedMs : 0),
    })
  }
}
