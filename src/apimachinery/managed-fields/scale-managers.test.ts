import { expect, test } from 'vitest'
import type { ManagedFieldsEntry } from '../meta.ts'
import { parentManagers, scaleManagers } from './scale-managers.ts'

const time = '2026-01-01T00:00:00Z'
const entry = (
  manager: string,
  fieldsV1: object,
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  apiVersion: 'apps/v1',
  time,
  fieldsType: 'FieldsV1',
  fieldsV1: fieldsV1 as NonNullable<ManagedFieldsEntry['fieldsV1']>,
  ...more,
})
const replicas = { 'f:spec': { 'f:replicas': {} } }
const pathOf = (apiVersion: string) => (apiVersion === 'apps/v1' ? ['f:spec', 'f:replicas'] : undefined)

test('scaleManagers() are those who own the replicas', () => {
  const parent = [
    entry('owner', { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } }),
    entry('other', { 'f:spec': { 'f:paused': {} } }),
    entry('unknown', replicas, { apiVersion: 'apps/v0' }),
  ]
  expect(scaleManagers(parent, pathOf)).toEqual([entry('owner', replicas, { apiVersion: 'autoscaling/v1' })])
})

test('parentManagers() takes the replicas from who does not own them in the Scale any more', () => {
  const parent = [
    entry('owner', { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } }),
    entry('gone', replicas, { apiVersion: 'apps/v0' }),
  ]
  const scale = [entry('scaler', replicas, { apiVersion: 'autoscaling/v1', subresource: 'scale' })]
  const { time: _time, ...timeless } = entry('scaler', replicas, { subresource: 'scale' })
  expect(parentManagers(parent, scale, pathOf, 'apps/v1')).toEqual([
    timeless,
    entry('owner', { 'f:spec': { 'f:paused': {} } }),
  ])
})

test('parentManagers() leaves an owner alone who still is one', () => {
  const parent = [entry('owner', { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } })]
  const scale = [entry('owner', replicas, { apiVersion: 'autoscaling/v1' })]
  expect(parentManagers(parent, scale, pathOf, 'apps/v1')).toEqual(parent)
})
