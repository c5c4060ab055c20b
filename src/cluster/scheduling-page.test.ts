import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pod } from '../api/core/pod/kind.ts'
import { Cluster } from './cluster.ts'

describe('SchedulingPage', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 2, runtime: 'simulated', clock: 'virtual' })
    await cluster.advance(5_000)
    const create = (name: string, cpu: string) =>
      cluster.client.resource(Pod).create({
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] },
      })
    await create('fits', '1')
    await create('large', '1000')
    await cluster.advance(5_000)
  })
  afterAll(() => cluster.stop())

  const ask = async (pod: string): Promise<unknown> =>
    (await cluster.client.transport.request({ method: 'GET', path: `/debug/scheduling/default/${pod}` })).body

  test('tells why a pod fits nowhere, as the library does', async () => {
    const explanation = cluster.explain('default', 'large')
    expect(explanation).toMatchObject({ result: 'unschedulable', refusedNodes: 2 })
    expect(explanation?.refused[0]?.changes).toMatchObject([{ plugin: 'NodeResourcesFit', resource: 'cpu' }])
  })

  test('tells why a pod is where it is', () => {
    const explanation = cluster.explain('default', 'fits')
    expect(explanation).toMatchObject({ result: 'bound', feasibleNodes: 2 })
    expect(explanation?.scores[0]?.node).toBe(explanation?.node)
  })

  test('is served below /debug/scheduling', async () => {
    const body = await ask('large')
    expect(typeof body === 'string' ? JSON.parse(body) : body).toMatchObject({ pod: 'large' })
  })

  test('says why nothing is known', async () => {
    await expect(ask('other')).rejects.toMatchObject({
      status: {
        reason: 'NotFound',
        message: expect.stringContaining('no attempt to place pod "default/other"'),
      },
    })
  })
})
