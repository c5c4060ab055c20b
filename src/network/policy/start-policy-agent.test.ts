import { expect, test } from 'vitest'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core, networking } from '../../api/generated/types/index.ts'
import { NetworkPolicy } from '../../api/networking/network-policy/kind.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { startPolicyAgent } from './start-policy-agent.ts'

test('addresses that come after the admission of a sandbox was given up are not those of the next one', async () => {
  const host = testHost()
  const client = createClient(new FakeApi(host))
  const informers = createInformerFactory({ client, host, logger: silentLogger })
  await client.resource<core.v1.Namespace>(Namespace).create({ metadata: { name: 'default' } })
  await client.resource<networking.v1.NetworkPolicy>(NetworkPolicy).create({
    metadata: { namespace: 'default', name: 'closed' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  })
  const named = { namespace: 'default', name: 'web' }
  const { metadata } = await client.resource<core.v1.Pod>(Pod).create({
    metadata: named,
    spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
  })
  const pod = { ...named, uid: metadata?.uid ?? '' }
  const written: string[] = []
  const agent = startPolicyAgent({
    ...{ informers, host, logger: silentLogger, metrics: new PrometheusMetrics() },
    ...{ nodeName: 'node-1', networkName: 'test' },
    run: async (_program, _args, options) => {
      written.push(String(options?.input ?? ''))
      return ''
    },
  })
  const slow = Promise.withResolvers<readonly string[]>()
  const first = expect(agent.admit(pod, () => slow.promise)).rejects.toThrow('not in force yet')
  await host.advance(20_000)
  await first
  const second = agent.admit(pod, async () => ['10.0.0.2'])
  await host.advance(1_000)
  await second
  expect(written.join()).toContain('10.0.0.2')
  slow.resolve(['10.0.0.1'])
  await host.advance(1_000)
  expect(written.join()).not.toContain('10.0.0.1')
  await agent.stop({ cleanUp: false })
  await informers.stop()
})
