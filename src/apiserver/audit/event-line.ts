import { goQuote } from '../../apimachinery/go-text.ts'
import type { AuditEvent } from './audit-event.ts'

const quoted = (texts: readonly string[]): string => texts.map(goQuote).join(',')

/** Go's RFC3339Nano: no zeros at the end of the fraction. */
const shortTime = (time: string): string => time.replace(/\.?0*Z$/, 'Z')

/** An event as one line: the `legacy` format, and what errors show of those that were lost. */
export function eventLine(event: AuditEvent): string {
  const { user, impersonatedUser, sourceIPs = [], objectRef, responseStatus } = event
  const isNamed = (user.username ?? '') !== ''
  const groups = isNamed && (user.groups?.length ?? 0) > 0 ? quoted(user.groups ?? []) : '<none>'
  const asGroups = impersonatedUser?.groups === undefined ? '<lookup>' : quoted(impersonatedUser.groups)
  const parts: readonly (readonly [string, string])[] = [
    ['id', event.auditID],
    ['stage', event.stage],
    ['ip', sourceIPs[0] ?? '<unknown>'],
    ['method', event.verb],
    ['user', isNamed ? (user.username ?? '') : '<none>'],
    ['groups', groups],
    ['as', impersonatedUser === undefined ? '<self>' : (impersonatedUser.username ?? '')],
    ['asgroups', asGroups],
    ['user-agent', event.userAgent ?? ''],
    ['namespace', objectRef?.namespace || '<none>'],
    ['uri', event.requestURI],
  ]
  const text = parts.map(([name, value]) => `${name}=${goQuote(value)}`).join(' ')
  const code = responseStatus === undefined ? '<deferred>' : String(responseStatus.code ?? 0)
  return `${shortTime(event.requestReceivedTimestamp)} AUDIT: ${text} response="${code}"`
}
