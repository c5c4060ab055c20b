import { expect, test } from 'vitest'
import { ComponentStatuses, storeProbe } from './component-statuses.ts'

const statuses = new ComponentStatuses(
  new Map([
    ['scheduler', async () => ({ healthy: true, message: 'ok' })],
    ['etcd-0', storeProbe(() => Promise.reject(new Error('gone')))],
  ]),
)

test('ComponentStatuses.list() asks every component', async () => {
  expect(await statuses.list()).toEqual([
    {
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      metadata: { name: 'scheduler' },
      conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
    },
    {
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      metadata: { name: 'etcd-0' },
      conditions: [{ type: 'Healthy', status: 'False', error: 'gone' }],
    },
  ])
})

test('ComponentStatuses.get() knows its components only', async () => {
  expect((await statuses.get('scheduler'))?.conditions?.[0]?.status).toBe('True')
  expect(await statuses.get('else')).toBeUndefined()
})
