import { beforeEach, describe, expect, it } from 'vitest'
import { PodCertificateRequest } from '../../api/certificates/pod-certificate-request/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { certificates, core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { silentLogger } from '../../base/logger.ts'
import { toPem } from '../../base/pem.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { PodCertificates } from './pod-certificates.ts'

type Request = certificates.v1beta1.PodCertificateRequest

const hourMs = 3_600_000
const pod: core.v1.Pod = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1' },
  spec: {
    serviceAccountName: 'seller',
    containers: [],
    volumes: [
      {
        name: 'creds',
        projected: {
          sources: [
            { downwardAPI: {} },
            {
              podCertificate: {
                ...{ signerName: 'example.com/web', keyType: 'ED25519', maxExpirationSeconds: 7200 },
                userAnnotations: { 'example.com/role': 'seller' },
              },
            },
          ],
        },
      },
    ],
  },
}

let host: VirtualHost
let api: FakeApi
let client: Client
let certificatesOf: PodCertificates
let changes: number
const told: string[] = []
const metrics = createMetrics()

beforeEach(async () => {
  host = testHost()
  api = new FakeApi(host)
  client = createClient(api)
  changes = 0
  told.length = 0
  let keys = 0
  certificatesOf = new PodCertificates({
    ...{ client, host, metrics, logger: silentLogger, nodeName: 'n1', nodeUid: () => 'node-uid' },
    informers: createInformerFactory({ client, host, logger: silentLogger }),
    makeStubRequest: async () => ({ keyPem: `key-${++keys} `, request: Uint8Array.of(keys) }),
  })
  const created = client
    .resource(ServiceAccount)
    .create({ metadata: { namespace: 'shop', name: 'seller', uid: 'account-uid' } })
  await host.advance(1)
  await created
})

const hold = (): void =>
  certificatesOf.hold(pod, { event: (_object, _type, reason) => told.push(reason) }, () => changes++)

async function requests(): Promise<readonly Request[]> {
  const listed = client.resource(PodCertificateRequest).list({ namespace: 'shop' })
  await host.advance(1)
  return (await listed).items
}

/** What a signer does with the newest request. */
async function answer(type: 'Issued' | 'Denied', chain: string): Promise<void> {
  const request = (await requests()).at(-1)
  if (request === undefined) throw new Error('nothing was asked for')
  const time = formatTime(host.now())
  const condition = {
    type,
    status: 'True' as const,
    reason: 'Because',
    message: '',
    lastTransitionTime: time,
  }
  const status = {
    conditions: [condition],
    ...{ certificateChain: chain, notBefore: time, notAfter: formatTime(host.now() + 2 * hourMs) },
    beginRefreshAt: formatTime(host.now() + hourMs),
  }
  const written = client.resource(PodCertificateRequest).updateStatus({ ...request, status })
  await host.advance(1)
  await written
  await host.advance(1)
}

describe('PodCertificates', () => {
  it('asks as the pod, shows what is issued, and asks again in time', async () => {
    expect(() => certificatesOf.bundle(pod, 'creds', 1)).toThrow(
      'no credentials yet for key={shop web u1 creds 1}',
    )
    hold()
    await host.advance(10)
    expect(() => certificatesOf.bundle(pod, 'creds', 1)).toThrow('credential bundle is not issued yet')
    const [request] = await requests()
    expect(request?.metadata).toMatchObject({
      generateName: 'req-',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1' }],
    })
    expect(request?.spec).toEqual({
      ...{ signerName: 'example.com/web', podName: 'web', podUID: 'u1', nodeName: 'n1', nodeUID: 'node-uid' },
      ...{ serviceAccountName: 'seller', maxExpirationSeconds: 7200, stubPKCS10Request: 'AQ==' },
      serviceAccountUID: expect.any(String),
      unverifiedUserAnnotations: { 'example.com/role': 'seller' },
    })
    const first = toPem('CERTIFICATE', Uint8Array.of(1))
    await answer('Issued', first)
    expect(certificatesOf.bundle(pod, 'creds', 1)).toEqual({ key: 'key-1 ', chain: first })
    expect(changes).toBe(1)
    expect(metrics.expose()).toContain(
      'kubelet_podcertificate_states{signer_name="example.com/web",state="fresh"} 1',
    )
    await host.advance(hourMs + 8 * 60_000)
    expect(await requests()).toHaveLength(2)
    expect(certificatesOf.bundle(pod, 'creds', 1).chain).toBe(first)
    const second = toPem('CERTIFICATE', Uint8Array.of(2))
    await answer('Issued', second)
    expect(certificatesOf.bundle(pod, 'creds', 1)).toEqual({ key: 'key-2 ', chain: second })
    expect(changes).toBe(2)
    certificatesOf.release('u1')
    await host.advance(3 * hourMs)
    expect(await requests()).toHaveLength(2)
    certificatesOf.stop()
  })

  it('tells what was refused, and asks no more', async () => {
    hold()
    await host.advance(10)
    await answer('Denied', '')
    expect(() => certificatesOf.bundle(pod, 'creds', 1)).toThrow('permanently denied: reason="Because"')
    expect([told, changes]).toEqual([['Denied'], 1])
    await host.advance(hourMs)
    expect(await requests()).toHaveLength(1)
    certificatesOf.stop()
  })

  it('tries again, later each time, while it cannot ask', async () => {
    let attempts = 0
    api.interceptors.push(({ method, path }) => {
      if (method === 'POST' && path.endsWith('/podcertificaterequests') && ++attempts < 5)
        throw new Error('the server is away')
      return undefined
    })
    hold()
    await host.advance(1000)
    expect(attempts).toBe(5)
    expect(await requests()).toHaveLength(1)
    certificatesOf.stop()
  })
})
