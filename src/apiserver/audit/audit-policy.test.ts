import { expect, test } from 'vitest'
import { type AuditedAttributes, type AuditRule, policyEvaluator } from './audit-policy.ts'
import { auditPolicyOf } from './testing/audit-policies.ts'

const pod: AuditedAttributes = {
  user: { name: 'jane', groups: ['dev', 'all'] },
  verb: 'get',
  isResourceRequest: true,
  path: '/api/v1/namespaces/a/pods/p/log',
  group: '',
  version: 'v1',
  namespace: 'a',
  resource: 'pods',
  subresource: 'log',
  name: 'p',
}
const plainPod = { ...pod, subresource: '' }
const node = { ...plainPod, resource: 'nodes', namespace: '', name: 'n' }
const healthz: AuditedAttributes = { ...node, isResourceRequest: false, path: '/healthz/etcd', resource: '' }
const nobody = { ...pod, user: undefined }

const of = (resource: string, group = '', names: readonly string[] = []): Partial<AuditRule> => ({
  resources: [{ group, resources: resource === '' ? [] : [resource], resourceNames: names }],
})

const rows: readonly [string, Partial<AuditRule>, AuditedAttributes, boolean][] = [
  ['everything', {}, pod, true],
  ['a user', { users: ['jane'] }, pod, true],
  ['another user', { users: ['joe'] }, pod, false],
  ['a user of nobody', { users: ['jane'] }, nobody, false],
  ['a group', { userGroups: ['x', 'all'] }, pod, true],
  ['another group', { userGroups: ['x'] }, pod, false],
  ['a group of nobody', { userGroups: ['all'] }, nobody, false],
  ['a verb', { verbs: ['list'] }, pod, false],
  ['a namespace', { namespaces: ['a'] }, pod, true],
  ['no namespace', { namespaces: [''] }, node, true],
  ['a namespace of no resource', { namespaces: [''] }, healthz, false],
  ['a group of resources', of(''), pod, true],
  ['another group of resources', of('', 'apps'), pod, false],
  ['all groups', of('', '*'), pod, true],
  ['a resource but not its subresource', of('pods'), pod, false],
  ['a resource', of('pods'), plainPod, true],
  ['a subresource', of('pods/log'), pod, true],
  ['all subresources', of('pods/*'), pod, true],
  ['all of a resource', of('pods/*'), plainPod, true],
  ['a subresource of all', of('*/log'), pod, true],
  ['all resources', of('*'), pod, true],
  ['a name', of('pods', '', ['p']), plainPod, true],
  ['another name', of('pods', '', ['q']), plainPod, false],
  ['a path', { nonResourceURLs: ['/healthz*'] }, healthz, true],
  ['all paths', { nonResourceURLs: ['*'] }, healthz, true],
  ['a path that is longer', { nonResourceURLs: ['/healthz'] }, healthz, false],
  ['a path of a resource', { nonResourceURLs: ['*'] }, pod, false],
]
for (const [name, rule, attributes, matches] of rows)
  test(`policyEvaluator() with a rule for ${name} ${matches ? 'matches' : 'does not match'}`, () => {
    const evaluate = policyEvaluator(auditPolicyOf([{ level: 'Request', ...rule }]))
    expect(evaluate(attributes).level).toBe(matches ? 'Request' : 'None')
  })

test('policyEvaluator() takes the first rule, with the stages and fields that it and the policy leave out', () => {
  const rules = [
    { level: 'Metadata', users: ['joe'] },
    { level: 'RequestResponse', omitStages: ['Panic'], omitManagedFields: false },
    { level: 'None' },
  ] as const
  const policy = auditPolicyOf(rules, { omitStages: ['RequestReceived'], omitManagedFields: true })
  const evaluate = policyEvaluator(policy)
  expect(evaluate(pod)).toEqual({
    level: 'RequestResponse',
    omitStages: new Set(['RequestReceived', 'Panic']),
    omitManagedFields: false,
  })
  expect(evaluate({ ...pod, user: { name: 'joe', groups: [] } }).omitManagedFields).toBe(true)
})
