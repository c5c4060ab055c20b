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

test('chooseControllers() knows upstream’s names, of today and of before, and lets go of those that are not here', () => {
  expect(chosen('endpoints-controller', 'endpoint')).toEqual(['endpoint'])
  expect(chosen('endpointslice-mirroring-controller')).toEqual(['endpointslicemirroring'])
  expect(
    chosen('*', 'bootstrapsigner', 'tokencleaner', '-service', '-route', '-cloud-node-lifecycle'),
  ).toEqual(chosen('*', 'bootstrap-signer-controller', 'token-cleaner-controller'))
  expect(chosen('*', '-csrsigning', '-serviceaccount-token-controller')).toEqual(chosen('*'))
  expect(() => chosen('horizontalpodautoscaling')).toThrow('"horizontalpodautoscaling" is not in the list')
})
