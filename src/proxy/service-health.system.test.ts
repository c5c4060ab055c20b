import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { core, discovery } from '../api/generated/types/index.ts'
import { realHost } from '../base/host/real-host.ts'
import { freePort } from '../base/host/testing/free-port.ts'
import { silentLogger } from '../base/logger.ts'
import { testHost } from '../client/testing/test-host.ts'
import { HealthState } from './health.ts'
import { ServiceHealth, type ServiceHealthOptions } from './service-health.ts'

let ports: ServiceHealth | undefined

afterEach(async () => {
  await ports?.stop()
})

const endpoint = (address: string, nodeName: string, ready = true): discovery.v1.Endpoint => ({
  addresses: [address],
  nodeName,
  conditions: { ready },
})

function balanced(healthCheckNodePort: number): core.v1.Service {
  return { spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort } }
}

function start(
  endpoints: discovery.v1.Endpoint[],
  options: Partial<ServiceHealthOptions> = {},
): ServiceHealth {
  const slice: discovery.v1.EndpointSlice = { addressType: 'IPv4', endpoints }
  const slices = {
    get: () => undefined,
    list: () => [slice],
    byIndex: (_: string, key: string) => (key === 'default/web' ? [slice] : []),
    countByIndex: () => 1,
  }
  const health = new HealthState(realHost)
  health.updated('IPv4')
  return new ServiceHealth({
    ...{ hosts: ['127.0.0.1'], nodeName: 'here', slices, health },
    ...{ host: realHost, logger: silentLogger },
    ...options,
  })
}

/** Servers open and close by themselves; the test's own time ends the wait. */
const patience = { timeout: 20_000, interval: 20 }
const asked = (port: number): Promise<Response | undefined> =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).catch(() => undefined)

test('a load balancer is told how many ready endpoints of a Service are on the node', async () => {
  const endpoints = [
    endpoint('10.244.0.2', 'here'),
    endpoint('10.244.0.3', 'here'),
    endpoint('10.244.0.4', 'here', false),
    endpoint('10.244.1.2', 'there'),
  ]
  ports = start(endpoints)
  const port = await freePort()
  ports.serviceIs('default/web', balanced(port))
  await expect.poll(async () => (await asked(port))?.status, patience).toBe(200)
  const answer = await asked(port)
  expect(answer?.headers.get('x-load-balancing-endpoint-weight')).toBe('2')
  expect(await answer?.json()).toEqual({
    service: { namespace: 'default', name: 'web' },
    localEndpoints: 2,
    serviceProxyHealthy: true,
  })
  endpoints.splice(0, 2)
  expect((await asked(port))?.status).toBe(503)
})

test('the port closes with the Service, or when its policy is Cluster, and goes on to another', async () => {
  ports = start([endpoint('10.244.0.2', 'here')])
  const port = await freePort()
  ports.serviceIs('default/web', balanced(port))
  await expect.poll(async () => (await asked(port))?.status, patience).toBe(200)
  ports.serviceIs('default/web', { spec: { ...balanced(port).spec, externalTrafficPolicy: 'Cluster' } })
  ports.serviceIs('default/other', balanced(port))
  await expect.poll(async () => (await asked(port))?.status, patience).toBe(503)
  ports.serviceIs('default/other', undefined)
  await expect.poll(async () => (await asked(port))?.status, patience).toBe(undefined)
})

test('a port that somebody else has is tried again, but not for a Service that is gone meanwhile', async () => {
  const port = await freePort()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  const host = testHost()
  let failed = Promise.withResolvers<void>()
  const logger = { ...silentLogger, error: () => failed.resolve() }
  ports = start([endpoint('10.244.0.2', 'here')], { host, logger })
  ports.serviceIs('default/gone', balanced(port))
  await failed.promise
  ports.serviceIs('default/gone', undefined)
  failed = Promise.withResolvers<void>()
  ports.serviceIs('default/web', balanced(port))
  await failed.promise
  await new Promise((resolve) => other.close(resolve))
  await host.advance(30_000)
  await expect.poll(async () => (await asked(port))?.status, patience).toBe(200)
  expect(await (await asked(port))?.json()).toMatchObject({ service: { name: 'web' } })
})
