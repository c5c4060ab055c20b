import { expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/generated/bootstrap-rbac.ts'
import type { rbac } from '../../api/generated/types/index.ts'
import { kinds } from '../../api/kinds.ts'
import { withGatedBindings, withGatedRoles } from '../../apiserver/bootstrap/gated-roles.ts'
import { controllers } from '../../controllers/controllers.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { controllerUser } from './component-clients.ts'

const features = featureGates(
  new Map([
    ['AllAlpha', true],
    ['AllBeta', true],
  ]),
)
const bindings = withGatedBindings(clusterRoleBindings(), features)
// Ours has its role from `timonel token create`.
const all = controllers({ kinds: fixedKinds(kinds), rootCertificate: 'PEM', features }).filter(
  ({ name }) => name !== 'kubelet-serving-approving',
)

test('controllerUser() gives each controller an account that upstream binds to a role', () => {
  const bound = [...bindings, ...roleBindings()].flatMap(({ subjects = [] }) =>
    subjects.map(({ namespace, name }) => `system:serviceaccount:${namespace}:${name}`),
  )
  const users = all.map(({ name }) => controllerUser(name).name)
  expect(users.filter((name) => !bound.includes(name))).toEqual([])
})

const reading = ['get', 'list', 'watch']

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list?.includes('*') === true || list?.includes(value) === true

/** What a controller declares to write, and its account's roles do not let it. (The manager reads for all.) */
function missing({ name, permissions = [] }: (typeof all)[number]): readonly string[] {
  const account = controllerUser(name).name.split(':').at(-1)
  const own = new Set(
    [...bindings, ...roleBindings()]
      .filter(({ subjects = [] }) => subjects.some((subject) => subject.name === account))
      .map(({ roleRef }) => roleRef.name),
  )
  const rules: readonly rbac.v1.PolicyRule[] = [...withGatedRoles(clusterRoles(), features), ...roles()]
    .filter(({ metadata }) => own.has(metadata?.name ?? ''))
    .flatMap((role) => role.rules ?? [])
  const allows = (group: string, resource: string, verb: string): boolean =>
    rules.some(
      ({ apiGroups, resources, verbs }) =>
        has(apiGroups, group) && has(resources, resource) && has(verbs, verb),
    )
  return permissions.flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) =>
      verbs
        .filter((verb) => !reading.includes(verb) && !allows(group, resource, verb))
        .map((verb) => `${name}: ${verb} ${group}/${resource}`),
    ),
  )
}

test('each controller may write what it declares, whatever is on', () => {
  expect(all.flatMap(missing)).toEqual([])
})
