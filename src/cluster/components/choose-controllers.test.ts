import { expect, test } from 'vitest'
import { controllers, offByDefault } from '../../controllers/controllers.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { chooseControllers } from './choose-controllers.ts'

const all = controllers({ kinds: fixedKinds([]), rootCertificate: '' })
const chosen = (...texts: readonly string[]) => chooseControllers(all, texts).map(({ name }) => name)

test('chooseControllers() runs all, all but some, or some', () => {
  expect(chosen('*')).toHaveLength(all.length - offByDefault.size)
  expect(chosen('*', 'tokencleaner')).toContain('token-cleaner')
  expect(chosen('*', '-namespace-controller')).not.toContain('namespace')
  expect(chosen('replicaset', 'garbagecollector')).toEqual(['replicaset', 'garbage-collector'])
})

test('chooseControllers() refuses a controller that is not there by name', () => {
  expect(() => chosen('nonsense')).toThrow('"nonsense" is not in the list of known controllers: ')
})
