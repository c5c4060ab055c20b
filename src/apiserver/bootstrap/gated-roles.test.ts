import { expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { withGatedRoles } from './gated-roles.ts'

const nodes = {
  metadata: { name: 'system:node' },
  rules: [
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] },
  ],
}

test.each([
  [[], ['serviceaccounts/token', 'serviceaccounts']],
  [[['KubeletServiceAccountTokenForCredentialProviders', false]], ['serviceaccounts/token']],
  [[['ClusterTrustBundle', true]], ['serviceaccounts/token', 'serviceaccounts', 'clustertrustbundles']],
] as const)('withGatedRoles() with %j lets nodes reach %j', (settings, resources) => {
  const [role] = withGatedRoles([nodes], featureGates(new Map<string, boolean>(settings)))
  expect(role?.rules?.flatMap((rule) => rule.resources ?? [])).toEqual(resources)
})
