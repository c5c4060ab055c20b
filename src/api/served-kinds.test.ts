import { expect, test } from 'vitest'
import { parseRuntimeConfig } from '../apimachinery/runtime-config.ts'
import { defaultFeatures } from './feature-gates.ts'
import { kinds } from './kinds.ts'
import { servedKinds } from './served-kinds.ts'

const isStable = /^v\d+$/

test('servedKinds() gives the stable versions unless asked for others', () => {
  const { served, hidden } = servedKinds(new Map(), defaultFeatures)
  expect(served).toEqual(kinds.filter(({ version }) => isStable.test(version)))
  expect(hidden).toEqual([])
})

test('servedKinds() keeps what a served version is stored as', () => {
  const { served, hidden } = servedKinds(parseRuntimeConfig('autoscaling/v2=false'), defaultFeatures)
  expect(served.filter(({ group }) => group === 'autoscaling').map(({ version }) => version)).toEqual(['v1'])
  expect(hidden.map(({ version, kind }) => `${version} ${kind}`)).toEqual(['v2 HorizontalPodAutoscaler'])
})
