import { describe, expect, it } from 'vitest'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { UserInfo } from '../request.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { RoleEscalationCheck } from './escalation.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { RbacIndex } from './rbac-index.ts'

const group = 'rbac.authorization.k8s.io'

const reader = new FakeReader()
reader.put(`clusterroles.${group}`, {
  metadata: { name: 'reader' },
  ...{ rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/log'] }] },
})
reader.put(`clusterroles.${group}`, {
  metadata: { name: 'binder' },
  ...{
    rules: [{ verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['admin'] }],
  },
})
reader.put(`clusterroles.${group}`, {
  metadata: { name: 'admin' },
  ...{ rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
})
const bind = (name: string, role: string): void =>
  reader.put(`clusterrolebindings.${group}`, {
    metadata: { name: `${name}-${role}` },
    ...{ roleRef: { kind: 'ClusterRole', name: role }, subjects: [{ kind: 'User', name }] },
  })
bind('jane', 'reader')
bind('joe', 'binder')

const index = new RbacIndex(reader)
index.start()
const check = new RoleEscalationCheck(index, new RbacAuthorizer(index))

const write = (who: UserInfo, resource: string, object: object, oldObject?: object): Promise<unknown> => {
  const kind = resource === 'roles' ? 'Role' : resource === 'clusterroles' ? 'ClusterRole' : 'RoleBinding'
  const declaration = defineKind({ group, version: 'v1', kind, resource, namespaced: true, schema: '' })
  const attributes: AdmissionAttributes = {
    operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
    declaration,
    kind: declaration,
    resource: declaration,
    subresource: '',
    namespace: 'default',
    name: '',
    object: { metadata: { name: 'x' }, ...object },
    oldObject: oldObject === undefined ? undefined : { metadata: { name: 'x' }, ...oldObject },
    user: who,
    dryRun: false,
    options: {},
    warn: () => {},
    annotate: () => {},
    annotateSent: () => {},
    took: () => {},
    signal: new AbortController().signal,
    round: 0,
    reinvoke: () => {},
  }
  return check.mutate(attributes, attributes.object ?? {})
}

const jane = { name: 'jane', groups: ['dev', 'system:authenticated'] }
const joe = { name: 'joe', groups: [] }

describe('RoleEscalationCheck', () => {
  it('lets everybody give away what they have', async () => {
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods', 'nodes/log'] }]
    await write(jane, 'roles', { rules })
    await write(jane, 'rolebindings', { roleRef: { kind: 'ClusterRole', name: 'reader' } })
    await write(joe, 'rolebindings', { roleRef: { kind: 'ClusterRole', name: 'admin' } })
    await write({ name: 'root', groups: ['system:masters'] }, 'roles', {
      rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    })
  })

  it('refuses to give away more', async () => {
    const rules = [{ verbs: ['get', 'delete', 'watch'], apiGroups: [''], resources: ['pods', 'secrets'] }]
    await expect(write(jane, 'roles', { rules })).rejects.toThrow(
      'roles.rbac.authorization.k8s.io "x" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete" "watch"]}',
    )
    await expect(
      write(jane, 'rolebindings', { roleRef: { kind: 'ClusterRole', name: 'admin' } }),
    ).rejects.toThrow('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}')
  })

  it('refuses aggregation to all but administrators', async () => {
    await expect(
      write(jane, 'clusterroles', { aggregationRule: { clusterRoleSelectors: [{}] } }),
    ).rejects.toThrow('must have cluster-admin privileges to use the aggregationRule')
  })

  it('says which role is not there', async () => {
    await expect(
      write(jane, 'rolebindings', { roleRef: { kind: 'ClusterRole', name: 'gone' } }),
    ).rejects.toThrow('clusterrole.rbac.authorization.k8s.io "gone" not found')
  })

  it('lets garbage collection let go', async () => {
    const rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]
    await write(
      jane,
      'roles',
      { rules, metadata: { name: 'x', finalizers: [] } },
      { rules, metadata: { name: 'x', finalizers: ['f'] } },
    )
  })
})
