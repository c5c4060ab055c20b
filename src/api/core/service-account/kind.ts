import { defineKind } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'

type ServiceAccount = core.v1.ServiceAccount

const mountableAnnotation = 'kubernetes.io/enforce-mountable-secrets'

/** Secrets are in the account's namespace: of a reference only the name counts. */
function withPlainSecrets(account: ServiceAccount): ServiceAccount {
  if (account.secrets === undefined) return account
  const secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }))
  return { ...account, secrets }
}

function warnings(account: ServiceAccount, old: ServiceAccount | undefined): readonly string[] {
  const has = (one: ServiceAccount): boolean => mountableAnnotation in (one.metadata?.annotations ?? {})
  if (!has(account) || (old !== undefined && has(old))) return []
  return [
    `metadata.annotations[${mountableAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ]
}

export const ServiceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  changedMetadata: ['change', 'whole'],
  shortNames: ['sa'],
  returnsDeleted: true,
  prepareForCreate: withPlainSecrets,
  prepareForUpdate: withPlainSecrets,
  warnings,
  columns: [nameColumn, ageColumn],
})
