import { describe, expect, test } from 'vitest'
import type { rbac } from '../generated/types/index.ts'
import { changeRejections, created, rejections } from '../testing/rejections.ts'
import { ClusterRole } from './cluster-role/kind.ts'
import { ClusterRoleBinding } from './cluster-role-binding/kind.ts'
import { Role } from './role/kind.ts'
import { RoleBinding } from './role-binding/kind.ts'

const metadata = { name: 'system:reader', namespace: 'default' }

describe('Role.validate()', () => {
  test.each<[string, rbac.v1.PolicyRule, readonly string[]]>([
    ['takes what is right', { verbs: ['get'], apiGroups: [''], resources: ['pods'] }, []],
    [
      'wants verbs, groups and resources',
      { verbs: [] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      'refuses URLs in namespaces',
      { verbs: ['get'], nonResourceURLs: ['/healthz'] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
      ],
    ],
  ])('%s', (_name, rule, expected) => {
    expect(rejections(Role, { metadata, rules: [rule] })).toEqual(expected)
  })
})

test('ClusterRole.validate() wants selectors of an aggregation', () => {
  expect(rejections(ClusterRole, { metadata: { name: 'all' }, aggregationRule: {} })).toEqual([
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ])
})

describe('RoleBinding', () => {
  const roleRef = { kind: 'Role', name: 'reader' }
  test('defaults() fills in groups of the API', () => {
    const subjects = [{ kind: 'User', name: 'jane' }]
    expect(created(RoleBinding, { metadata, roleRef, subjects })).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }],
    })
  })
  test('validate() wants subjects that are known', () => {
    const subjects = [
      { kind: 'Robot', name: 'x' },
      { kind: 'User', name: '' },
      { kind: 'ServiceAccount', name: 'X' },
    ]
    expect(rejections(RoleBinding, { metadata, roleRef, subjects })).toEqual([
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      'subjects[1].name: Required value',
      expect.stringMatching(/^subjects\[2\]\.name: Invalid value: "X": a lowercase RFC 1123 subdomain/),
    ])
  })
  test('validate() keeps the role', () => {
    const other = { kind: 'Role', name: 'writer' }
    expect(
      changeRejections(RoleBinding, { metadata, roleRef }, () => ({ metadata, roleRef: other })),
    ).toEqual([
      'roleRef: Invalid value: {"kind":"Role","name":"writer","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
    ])
  })
})

test('ClusterRoleBinding.validate() wants namespaces of accounts and a role of the cluster', () => {
  const roleRef = { kind: 'Role', name: 'reader' }
  const subjects = [{ kind: 'ServiceAccount', name: 'x' }]
  expect(rejections(ClusterRoleBinding, { metadata: { name: 'x' }, roleRef, subjects })).toEqual([
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    'subjects[0].namespace: Required value',
  ])
})
