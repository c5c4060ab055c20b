import { expect, test } from 'vitest'
import { kinds, subresourceKinds } from '../api/kinds.ts'
import * as exported from './kinds.ts'

test('the library exports every kind', () => {
  const missing = [...kinds, ...subresourceKinds].filter((kind) => !Object.values(exported).includes(kind))
  expect(missing.map(({ group, version, kind }) => `${group}/${version} ${kind}`)).toEqual([])
})
