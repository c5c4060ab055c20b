import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuthorizerAttributes } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { RbacIndex } from './rbac-index.ts'
import type { PolicyRule } from './rule-allows.ts'
import { uncoveredRules } from './rule-covers.ts'

const namespaces = ['a', 'b'] as const
const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const some = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(pick(...values), { minLength: 1, maxLength: 2 })

const verbs = ['get', 'list', 'create']
const resources = ['pods', 'pods/log', 'secrets']
const groups = ['', 'apps']
const names = ['x', 'y']
const paths = ['/healthz', '/metrics/a']

const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record({
    verbs: some(...verbs, '*'),
    apiGroups: some(...groups, '*'),
    resources: some(...resources, '*', '*/log'),
    resourceNames: fc.oneof(fc.constant<string[]>([]), some(...names)),
  }),
  fc.record({ verbs: some(...verbs, '*'), nonResourceURLs: some(...paths, '/metrics/*', '*') }),
)

interface Role {
  readonly name: string
  /** Undefined: a cluster role. */
  readonly namespace: string | undefined
  readonly rules: readonly PolicyRule[]
}

interface Subject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

interface Binding {
  readonly name: string
  readonly namespace: string | undefined
  readonly roleRef: { readonly kind: string; readonly name: string }
  readonly subjects: readonly Subject[]
}

const where = pick<string | undefined>(undefined, ...namespaces)
const role: fc.Arbitrary<Role> = fc.record({
  name: pick('r', 's'),
  namespace: where,
  rules: fc.array(rule, { maxLength: 3 }),
})
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ kind: fc.constant('User'), name: pick('jane', 'system:serviceaccount:a:web') }),
  fc.record({ kind: fc.constant('Group'), name: pick('devs', 'system:serviceaccounts:a') }),
  fc.record({
    kind: fc.constant('ServiceAccount'),
    name: fc.constant('web'),
    namespace: pick(...namespaces),
  }),
  fc.record({ kind: fc.constant('ServiceAccount'), name: fc.constant('web') }),
)
const binding: fc.Arbitrary<Binding> = fc.record({
  name: pick('k', 'l', 'm'),
  namespace: where,
  roleRef: fc.record({ kind: pick('Role', 'ClusterRole', 'Other'), name: pick('r', 's', 'gone') }),
  subjects: fc.array(subject, { maxLength: 3 }),
})

const users: readonly UserInfo[] = [
  { name: 'jane', groups: ['devs'] },
  { name: 'jim', groups: [] },
  { name: 'system:serviceaccount:a:web', groups: ['system:serviceaccounts', 'system:serviceaccounts:a'] },
]

const question: fc.Arbitrary<AuthorizerAttributes> = fc
  .record({
    user: pick(...users),
    verb: pick(...verbs, 'watch'),
    target: fc.oneof(
      fc.record({
        group: pick(...groups),
        resource: pick(...resources),
        name: pick('', ...names),
        namespace: pick('', ...namespaces),
      }),
      pick(...paths, '/metrics/b'),
    ),
  })
  .map(({ user, verb, target }) => {
    const isResourceRequest = typeof target !== 'string'
    const about = typeof target === 'string' ? undefined : target
    const [resource = '', subresource = ''] = (about?.resource ?? '').split('/')
    return {
      ...{ user, verb, isResourceRequest, resource, subresource, version: 'v1' },
      path: typeof target === 'string' ? target : '',
      group: about?.group ?? '',
      name: about?.name ?? '',
      namespace: about?.namespace ?? '',
    }
  })

/** One rule, as the documentation words it. */
function plainRule(of: PolicyRule, asked: AuthorizerAttributes): boolean {
  const anyOf = (list: readonly string[] | undefined, value: string): boolean =>
    (list ?? []).includes('*') || (list ?? []).includes(value)
  if (!anyOf(of.verbs, asked.verb)) return false
  if (!asked.isResourceRequest) {
    return (of.nonResourceURLs ?? []).some((url) =>
      url.endsWith('*') ? asked.path.startsWith(url.slice(0, -1)) : asked.path === url,
    )
  }
  const wanted = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`
  const listed = of.resources ?? []
  const isListed =
    listed.includes('*') ||
    listed.includes(wanted) ||
    (asked.subresource !== '' && listed.includes(`*/${asked.subresource}`))
  const isNamed = !of.resourceNames?.length || of.resourceNames.includes(asked.name)
  return anyOf(of.apiGroups, asked.group) && isListed && isNamed
}

/** Everything is looked at, nothing is indexed. */
function plainly(roles: readonly Role[], bindings: readonly Binding[], asked: AuthorizerAttributes): boolean {
  const isMeant = ({ kind, name, namespace }: Subject, of: Binding): boolean => {
    if (kind === 'User') return asked.user.name === name
    if (kind === 'Group') return asked.user.groups.includes(name)
    const own = namespace ?? of.namespace
    return own !== undefined && asked.user.name === `system:serviceaccount:${own}:${name}`
  }
  return bindings.some((of) => {
    if (of.namespace !== undefined && of.namespace !== asked.namespace) return false
    if (!of.subjects.some((each) => isMeant(each, of))) return false
    const home = of.roleRef.kind === 'Role' ? of.namespace : undefined
    if (of.roleRef.kind === 'Role' && home === undefined) return false
    if (of.roleRef.kind === 'Other') return false
    const found = roles.find((each) => each.name === of.roleRef.name && each.namespace === home)
    return (found?.rules ?? []).some((each) => plainRule(each, asked))
  })
}

const keyOf = ({ name, namespace = '' }: { readonly name: string; readonly namespace: string | undefined }) =>
  `${namespace}/${name}`

type Change =
  | { readonly type: 'role'; readonly role: Role }
  | { readonly type: 'binding'; readonly binding: Binding }
  | { readonly type: 'unbind'; readonly at: number }

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: role.map((each): Change => ({ type: 'role', role: each })) },
  { weight: 4, arbitrary: binding.map((each): Change => ({ type: 'binding', binding: each })) },
  { weight: 1, arbitrary: fc.nat(9).map((at): Change => ({ type: 'unbind', at })) },
)

const group = 'rbac.authorization.k8s.io'
const metadataOf = ({
  name,
  namespace,
}: {
  readonly name: string
  readonly namespace: string | undefined
}) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
})

test('the index decides as if every role and binding were looked at, whatever has changed', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 25 }),
      fc.array(question, { minLength: 5, maxLength: 20 }),
      (changes, questions) => {
        const reader = new FakeReader()
        const index = new RbacIndex(reader)
        index.start()
        const roles = new Map<string, Role>()
        const bindings = new Map<string, Binding>()
        for (const each of changes) {
          if (each.type === 'role') {
            roles.set(keyOf(each.role), each.role)
            const resource = each.role.namespace === undefined ? 'clusterroles' : 'roles'
            reader.put(`${resource}.${group}`, {
              metadata: metadataOf(each.role),
              ...{ rules: each.role.rules },
            })
          } else if (each.type === 'binding') {
            const { roleRef, subjects } = each.binding
            bindings.set(keyOf(each.binding), each.binding)
            const resource = each.binding.namespace === undefined ? 'clusterrolebindings' : 'rolebindings'
            reader.put(`${resource}.${group}`, {
              metadata: metadataOf(each.binding),
              ...{ roleRef, subjects },
            })
          } else {
            const [key, gone] = [...bindings][each.at] ?? []
            if (key === undefined || gone === undefined) continue
            bindings.delete(key)
            const resource = gone.namespace === undefined ? 'clusterrolebindings' : 'rolebindings'
            reader.remove(`${resource}.${group}`, gone.namespace ?? '', gone.name)
          }
        }
        const authorizer = new RbacAuthorizer(index)
        for (const asked of questions) {
          const expected = plainly([...roles.values()], [...bindings.values()], asked)
          expect(authorizer.authorize(asked).decision === 'allow').toBe(expected)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('whoever covers rules may do everything that they allow', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 4 }),
      fc.array(rule, { maxLength: 2 }),
      question,
      (held, wanted, asked) => {
        if (uncoveredRules(held, wanted).length > 0) return
        if (wanted.some((each) => plainRule(each, asked)))
          expect(held.some((each) => plainRule(each, asked))).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
})
