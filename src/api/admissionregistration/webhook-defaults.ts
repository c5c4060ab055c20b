import { fillUnset, mapSame, set } from '../defaulting.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { defaultWebhookClient } from '../webhook-client.ts'

type Match = admissionregistration.v1.MatchResources
/** What both kinds of webhooks have. */
export type AnyWebhook = admissionregistration.v1.ValidatingWebhook & {
  readonly reinvocationPolicy?: string
}

const defaultScope = <R extends { readonly scope?: string }>(rule: R): R =>
  rule.scope === undefined ? { ...rule, scope: '*' } : rule

export function defaultWebhook<W extends AnyWebhook>(webhook: W): W {
  const filled = fillUnset<AnyWebhook>(webhook, {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  })
  const rules = filled.rules === undefined ? undefined : mapSame(filled.rules, defaultScope)
  const clientConfig = defaultWebhookClient(filled.clientConfig ?? {})
  const same = filled === webhook && rules === webhook.rules && clientConfig === webhook.clientConfig
  return same ? webhook : { ...webhook, ...filled, clientConfig, ...(rules === undefined ? {} : { rules }) }
}

export function defaultMatchResources(match: Match): Match {
  let next = fillUnset(match, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} })
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    const rules = next[field]
    if (rules !== undefined) next = set(next, field, mapSame(rules, defaultScope))
  }
  return next
}
