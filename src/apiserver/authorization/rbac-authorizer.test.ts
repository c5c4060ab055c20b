import { beforeEach, describe, expect, it } from 'vitest'
import type { AuthorizerAttributes } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { privilegedGroup } from './privileged-group.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { RbacIndex } from './rbac-index.ts'
import { UnionAuthorizer } from './union-authorizer.ts'

const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups })

const ask = (who: UserInfo, verb: string, resource: string, rest: Partial<AuthorizerAttributes> = {}) => {
  const [name = '', subresource = ''] = resource.split('/')
  return {
    user: who,
    verb,
    isResourceRequest: true,
    path: '',
    group: '',
    version: 'v1',
    namespace: 'default',
    resource: name,
    subresource,
    name: '',
    ...rest,
  }
}

let reader: FakeReader
let authorizer: RbacAuthorizer
beforeEach(() => {
  reader = new FakeReader()
  const role = (name: string, rules: readonly object[], namespace?: string): void => {
    const resource = namespace === undefined ? 'clusterroles' : 'roles'
    reader.put(`${resource}.rbac.authorization.k8s.io`, {
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      ...{ rules },
    })
  }
  role('reader', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/scale'] }])
  role('everything', [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ])
  role('health', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez/*'] }])
  role('one', [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['s'] }], 'default')
  const bind = (
    name: string,
    roleName: string,
    subjects: readonly object[],
    namespace?: string,
    kind?: string,
  ): void => {
    const resource = namespace === undefined ? 'clusterrolebindings' : 'rolebindings'
    reader.put(`${resource}.rbac.authorization.k8s.io`, {
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      ...{ roleRef: { kind: kind ?? 'ClusterRole', name: roleName }, subjects },
    })
  }
  bind('admins', 'everything', [{ kind: 'Group', name: 'admins' }])
  bind('health', 'health', [{ kind: 'Group', name: 'system:unauthenticated' }])
  bind('readers', 'reader', [{ kind: 'User', name: 'jane' }], 'default')
  bind('robots', 'reader', [{ kind: 'ServiceAccount', name: 'robot' }], 'default')
  bind('secret', 'one', [{ kind: 'User', name: 'jane' }], 'default', 'Role')
  bind('broken', 'missing', [{ kind: 'User', name: 'joe' }], 'default')
  const index = new RbacIndex(reader)
  index.start()
  authorizer = new RbacAuthorizer(index)
})

describe('RbacAuthorizer', () => {
  it.each([
    [
      'a role in its namespace',
      ask(user('jane'), 'list', 'pods'),
      'RoleBinding "readers/default" of ClusterRole "reader" to User "jane"',
    ],
    [
      'a subresource of everything',
      ask(user('jane'), 'get', 'anything/scale'),
      'RoleBinding "readers/default" of ClusterRole "reader" to User "jane"',
    ],
    [
      'an object by its name',
      ask(user('jane'), 'get', 'secrets', { name: 's' }),
      'RoleBinding "secret/default" of Role "one" to User "jane"',
    ],
    [
      'a service account without namespace in the binding',
      ask(user('system:serviceaccount:default:robot'), 'get', 'pods'),
      'RoleBinding "robots/default" of ClusterRole "reader" to ServiceAccount "robot/default"',
    ],
    [
      'everything cluster-wide',
      ask(user('x', 'admins'), 'bind', 'a/b', { namespace: '', group: 'g' }),
      'ClusterRoleBinding "admins" of ClusterRole "everything" to Group "admins"',
    ],
    [
      'a path below',
      ask(user('x', 'system:unauthenticated'), 'get', '', { isResourceRequest: false, path: '/livez/ping' }),
      'ClusterRoleBinding "health" of ClusterRole "health" to Group "system:unauthenticated"',
    ],
  ])('allows %s', (_, attributes, by) => {
    expect(authorizer.authorize(attributes)).toEqual({ decision: 'allow', reason: `RBAC: allowed by ${by}` })
  })

  it.each([
    ['another verb', ask(user('jane'), 'delete', 'pods')],
    ['another namespace', ask(user('jane'), 'list', 'pods', { namespace: 'other' })],
    ['all namespaces', ask(user('jane'), 'list', 'pods', { namespace: '' })],
    ['another group', ask(user('jane'), 'list', 'pods', { group: 'metrics.k8s.io' })],
    ['a subresource', ask(user('jane'), 'get', 'pods/log')],
    ['another name', ask(user('jane'), 'get', 'secrets', { name: 't' })],
    ['no name', ask(user('jane'), 'get', 'secrets')],
    [
      'another path',
      ask(user('x', 'system:unauthenticated'), 'get', '', {
        isResourceRequest: false,
        path: '/healthz/ping',
      }),
    ],
  ])('has no opinion on %s', (_, attributes) => {
    expect(authorizer.authorize(attributes)).toEqual({ decision: 'no-opinion', reason: '' })
  })

  it('says which role is missing', () => {
    expect(authorizer.authorize(ask(user('joe'), 'get', 'pods'))).toEqual({
      decision: 'no-opinion',
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "missing" not found',
    })
  })

  it('follows changes of roles and bindings', () => {
    const attributes = ask(user('jane'), 'list', 'pods')
    reader.put('clusterroles.rbac.authorization.k8s.io', { metadata: { name: 'reader' }, ...{ rules: [] } })
    expect(authorizer.authorize(attributes).decision).toBe('no-opinion')
    reader.remove('rolebindings.rbac.authorization.k8s.io', 'default', 'readers')
    reader.remove('rolebindings.rbac.authorization.k8s.io', 'default', 'secret')
    expect(authorizer.rulesFor(user('jane'), 'default').resourceRules).toEqual([])
  })

  it('lists all rules of a user', () => {
    expect(authorizer.rulesFor(user('jane', 'system:unauthenticated'), 'default')).toEqual({
      resourceRules: [
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/scale'] },
        { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['s'] },
      ],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez/*'] }],
      incomplete: false,
      evaluationError: '',
    })
  })
})

describe('UnionAuthorizer', () => {
  it('lets the first that has an opinion decide, and joins reasons', async () => {
    const says = (decision: 'allow' | 'no-opinion', reason: string, later: boolean) => ({
      authorize: () => (later ? Promise.resolve({ decision, reason }) : { decision, reason }),
      rulesFor: privilegedGroup.rulesFor,
    })
    for (const later of [false, true]) {
      const union = new UnionAuthorizer([says('no-opinion', 'a', later), says('no-opinion', 'b', false)])
      expect(await union.authorize(ask(user('x'), 'get', 'pods'))).toEqual({
        decision: 'no-opinion',
        reason: 'a\nb',
      })
      const allowing = new UnionAuthorizer([says('no-opinion', 'a', later), says('allow', 'b', later)])
      expect(await allowing.authorize(ask(user('x'), 'get', 'pods'))).toEqual({
        decision: 'allow',
        reason: 'b',
      })
    }
    const masters = new UnionAuthorizer([privilegedGroup, authorizer])
    expect(await masters.authorize(ask(user('x', 'system:masters'), 'delete', 'nodes'))).toEqual({
      decision: 'allow',
      reason: '',
    })
    const { resourceRules } = await masters.rulesFor(user('x', 'system:masters', 'admins'), 'default')
    expect(resourceRules).toEqual([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])
  })
})
