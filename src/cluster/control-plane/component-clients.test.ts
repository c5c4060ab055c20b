import { expect, test } from 'vitest'
import { clusterRoleBindings, roleBindings } from '../../api/generated/bootstrap-rbac.ts'
import { controllers } from '../../controllers/controllers.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { controllerUser } from './component-clients.ts'

test('controllerUser() gives each controller an account that upstream binds to a role', () => {
  const bound = [...clusterRoleBindings(), ...roleBindings()].flatMap(({ subjects = [] }) =>
    subjects.map(({ namespace, name }) => `system:serviceaccount:${namespace}:${name}`),
  )
  const users = controllers({ kinds: fixedKinds([]), rootCertificate: '' }).map(
    ({ name }) => controllerUser(name).name,
  )
  expect(users.filter((name) => !bound.includes(name))).toEqual([])
})
