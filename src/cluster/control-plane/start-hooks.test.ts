import { expect, test } from 'vitest'
import { StartHooks } from './start-hooks.ts'

test('checks are well once the stage of the start that they stand for is done', () => {
  const hooks = new StartHooks(['caches', 'definitions'])
  const failing = (): readonly string[] =>
    hooks.checks.filter(({ check }) => fails(check)).map(({ name }) => name)
  expect(failing()).toContain('poststarthook/crd-informer-synced')
  hooks.done('caches')
  expect(failing()).toEqual(['poststarthook/start-apiextensions-controllers'])
  hooks.done('definitions')
  expect(failing()).toEqual([])
})

function fails(check: () => unknown): boolean {
  try {
    check()
    return false
  } catch (error) {
    expect(error).toEqual(new Error('not finished'))
    return true
  }
}
