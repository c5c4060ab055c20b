import { describe, expect, it } from 'vitest'
import type { AuthorizerAttributes } from '../authorizer.ts'
import { AbacAuthorizer } from './abac-authorizer.ts'

const line = (spec: object): string =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec })

const ask = (name: string, rest: Partial<AuthorizerAttributes>): AuthorizerAttributes => ({
  user: { name, groups: ['system:authenticated'] },
  verb: 'get',
  isResourceRequest: true,
  path: '',
  group: '',
  version: 'v1',
  namespace: 'default',
  resource: 'pods',
  subresource: '',
  name: '',
  ...rest,
})

const authorizer = new AbacAuthorizer(
  'policy.jsonl',
  [
    '# administrators',
    line({ user: 'admin', namespace: '*', resource: '*', apiGroup: '*' }),
    line({ user: 'reader', namespace: 'default', resource: 'pods', readonly: true }),
    line({ group: 'system:authenticated', nonResourcePath: '/version*', readonly: true }),
    line({ namespace: '*', resource: '*', apiGroup: '*' }),
    '{"user":"old","resource":"events"}',
  ].join('\n'),
)
const decide = (name: string, rest: Partial<AuthorizerAttributes> = {}) =>
  authorizer.authorize(ask(name, rest)).decision

describe('AbacAuthorizer', () => {
  it('allows what a line names, and nothing by one that names nobody', () => {
    expect(decide('admin', { verb: 'delete', group: 'apps', resource: 'deployments' })).toBe('allow')
    expect(decide('admin', { isResourceRequest: false, path: '/metrics' })).toBe('no-opinion')
    expect(decide('reader')).toBe('allow')
    expect(decide('reader', { verb: 'delete' })).toBe('no-opinion')
    expect(decide('reader', { namespace: 'kube-system' })).toBe('no-opinion')
    expect(decide('stranger')).toBe('no-opinion')
    expect(decide('stranger', { isResourceRequest: false, path: '/version/x' })).toBe('allow')
    expect(authorizer.authorize(ask('stranger', {})).reason).toBe('No policy matched.')
  })

  it('reads lines of before versions as upstream converts them', () => {
    expect(decide('old', { verb: 'create', group: 'events.k8s.io', resource: 'events' })).toBe('allow')
    const open = new AbacAuthorizer('old.jsonl', '{"user":"*"}')
    expect(open.authorize(ask('anyone', { isResourceRequest: false, path: '/x' })).decision).toBe('allow')
    const anonymous = { user: { name: 'system:anonymous', groups: ['system:unauthenticated'] } }
    expect(open.authorize(ask('', anonymous)).decision).toBe('no-opinion')
  })

  it('tells the rules of a user in a namespace', () => {
    expect(authorizer.rulesFor({ name: 'reader', groups: [] }, 'default').resourceRules).toEqual([
      { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] },
    ])
  })

  it('names the line that is wrong', () => {
    expect(() => new AbacAuthorizer('p.jsonl', `\n{"kind":"Policy"`)).toThrow(
      'error reading policy file p.jsonl, line 2',
    )
  })
})
