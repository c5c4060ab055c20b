import { defineKind } from '../../../apimachinery/define-kind.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { networking } from '../../generated/types/index.ts'
import { classAnnotation, validateIngress } from './validate.ts'

type Ingress = networking.v1.Ingress

const maxHosts = 3

/** Upstream counts rules without a host among those that are left out. */
function hostsOf({ spec }: Ingress): string {
  const rules = spec?.rules ?? []
  const hosts: string[] = []
  for (const { host = '' } of rules) {
    if (hosts.length === maxHosts) return `${hosts.join(',')} + ${rules.length - maxHosts} more...`
    if (host !== '') hosts.push(host)
  }
  return hosts.length === 0 ? '*' : hosts.join(',')
}

const addressOf = ({ status }: Ingress): string =>
  [...new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || (hostname ?? '')))]
    .filter((address) => address !== '')
    .sort()
    .join(',')

function warnings(ingress: Ingress, old: Ingress | undefined): readonly string[] {
  const annotated = classAnnotation in (ingress.metadata?.annotations ?? {})
  if (old !== undefined || !annotated || ingress.spec?.ingressClassName !== undefined) return []
  return [`annotation ${goQuote(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`]
}

export const Ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  resource: 'ingresses',
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.Ingress',
  changedMetadata: ['change', 'whole'],
  prepareForCreate: (ingress) => ({ ...ingress, status: { loadBalancer: {} } }),
  shortNames: ['ing'],
  subresources: { status: {} },
  storagePrefix: 'ingress',
  hasGeneration: true,
  validate: validateIngress,
  warnings,
  columns: [
    nameColumn,
    {
      name: 'Class',
      type: 'string',
      value: ({ spec }) => spec?.ingressClassName ?? '<none>',
    },
    {
      name: 'Hosts',
      type: 'string',
      value: hostsOf,
    },
    {
      name: 'Address',
      type: 'string',
      value: addressOf,
    },
    {
      name: 'Ports',
      type: 'string',
      value: ({ spec }) => ((spec?.tls ?? []).length === 0 ? '80' : '80, 443'),
    },
    ageColumn,
  ],
})
