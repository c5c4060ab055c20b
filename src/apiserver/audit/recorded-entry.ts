import { defined } from '../../base/defined.ts'
import { jsonText } from '../../base/json-text.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditEvent, AuditObjectReference, AuditStatus, AuditUser } from './audit-event.ts'
import type { AuditLevel, AuditStage } from './audit-policy.ts'
import type { Quoted } from './request-texts.ts'

/** What all stages of a request tell alike. */
export interface RequestFields {
  readonly level: AuditLevel
  readonly auditID: string
  readonly requestURI: string
  readonly verb: string
  readonly user: Quoted<AuditUser>
  readonly sourceIPs: Quoted<readonly string[]>
  readonly userAgent: string
  readonly received: string
}

/** What is known at a stage. */
export interface StageFields {
  readonly stage: AuditStage
  readonly impersonated: AuditUser | undefined
  /** '' where there is none. */
  readonly constraint: string
  readonly object: AuditObjectReference | undefined
  readonly status: AuditStatus | undefined
  readonly sent: unknown
  readonly answer: unknown
  readonly time: string
  /** By their keys. */
  readonly annotations: readonly (readonly [key: string, value: string])[]
}

const quote = JSON.stringify

/** In the order in which they are written. */
const objectFields = [
  ...(['resource', 'namespace', 'name', 'uid'] as const),
  ...(['apiGroup', 'apiVersion', 'resourceVersion', 'subresource'] as const),
]

/** Without what is not known. */
function inOrder(object: AuditObjectReference): AuditObjectReference {
  return Object.fromEntries(
    objectFields.flatMap((name) => ((object[name] ?? '') === '' ? [] : [[name, object[name]]])),
  )
}

function objectJson(object: AuditObjectReference): string {
  let json = ''
  for (const name of objectFields) {
    const value = object[name]
    if (value === undefined || value === '') continue
    json += `${json === '' ? '{' : ','}"${name}":${quote(value)}`
  }
  return json === '' ? '{}' : `${json}}`
}

function statusJson(status: AuditStatus): string {
  // Nearly all requests end well, and then there is nothing else.
  for (const name in status) if (name !== 'metadata' && name !== 'code') return jsonText(status)
  return `{"metadata":{},"code":${status.code}}`
}

function annotationsJson(annotations: StageFields['annotations']): string {
  let json = ''
  for (const [key, value] of annotations) json += `${json === '' ? '{' : ','}${quote(key)}:${quote(value)}`
  return `${json}}`
}

/** A stage of a request. Its JSON is put together from what is JSON already, since every request pays for it. */
export class RecordedEntry implements AuditEntry {
  readonly #request: RequestFields
  readonly #stage: StageFields

  constructor(request: RequestFields, stage: StageFields) {
    this.#request = request
    this.#stage = stage
  }

  get event(): AuditEvent {
    const { level, auditID, requestURI, verb, user, sourceIPs, userAgent, received } = this.#request
    const { stage, impersonated, constraint, object, status, sent, answer, time, annotations } = this.#stage
    return {
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1' },
      ...{ level, auditID, stage, requestURI, verb, user: user.value },
      ...defined({
        impersonatedUser: impersonated,
        authenticationMetadata: constraint === '' ? undefined : { impersonationConstraint: constraint },
        sourceIPs: sourceIPs.value.length === 0 ? undefined : sourceIPs.value,
        userAgent: userAgent === '' ? undefined : userAgent,
        objectRef: object === undefined ? undefined : inOrder(object),
        responseStatus: status,
        requestObject: sent,
        responseObject: answer,
      }),
      requestReceivedTimestamp: received,
      stageTimestamp: time,
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    }
  }

  get json(): string {
    const { level, auditID, requestURI, verb, user, sourceIPs, userAgent, received } = this.#request
    const { stage, object, status, time, annotations } = this.#stage
    const known = object === undefined ? '' : `,"objectRef":${objectJson(object)}`
    const agent = userAgent === '' ? '' : `,"userAgent":${quote(userAgent)}`
    const addresses = sourceIPs.value.length === 0 ? '' : `,"sourceIPs":${sourceIPs.json}`
    const result = status === undefined ? '' : `,"responseStatus":${statusJson(status)}`
    const told = annotations.length === 0 ? '' : `,"annotations":${annotationsJson(annotations)}`
    return (
      `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"${level}","auditID":${quote(auditID)}` +
      `,"stage":"${stage}","requestURI":${quote(requestURI)},"verb":${quote(verb)},"user":${user.json}` +
      `${this.#impersonationJson()}${addresses}${agent}${known}${result}${this.#objectsJson()}` +
      `,"requestReceivedTimestamp":"${received}","stageTimestamp":"${time}"${told}}`
    )
  }

  #impersonationJson(): string {
    const { impersonated, constraint } = this.#stage
    if (impersonated === undefined) return ''
    const metadata =
      constraint === ''
        ? ''
        : `,"authenticationMetadata":${jsonText({ impersonationConstraint: constraint })}`
    return `,"impersonatedUser":${jsonText(impersonated)}${metadata}`
  }

  #objectsJson(): string {
    const { sent, answer } = this.#stage
    const request = sent === undefined ? '' : `,"requestObject":${jsonText(sent)}`
    return answer === undefined ? request : `${request},"responseObject":${jsonText(answer)}`
  }
}
