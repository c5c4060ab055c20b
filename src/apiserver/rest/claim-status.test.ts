import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const path = '/apis/resource.k8s.io/v1/namespaces/ns/resourceclaims'
const merge = { 'content-type': 'application/merge-patch+json' }
const result = { request: 'a', driver: 'd.example.com', pool: 'p', device: 'x' }
const { request: _request, ...device } = result

describe('status of a ResourceClaim', () => {
  let server: TestServer
  let allowed: readonly string[] = []
  beforeAll(async () => {
    const authorizer = {
      authorize: async ({ subresource, verb, name }: { subresource: string; verb: string; name: string }) => {
        const isAsked = subresource === 'binding' || subresource === 'driver'
        const isAllowed = !isAsked || allowed.includes(`${verb} ${subresource} ${name}`)
        return { decision: isAllowed ? ('allow' as const) : ('no-opinion' as const), reason: '' }
      },
      rulesFor: async () => ({
        ...{ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' },
      }),
    }
    server = await startTestServer({ kinds: [Namespace, ResourceClaim], authorizer })
    await server.call('POST', '/api/v1/namespaces', { metadata: { name: 'ns' } })
    const requests = [{ name: 'a', exactly: { deviceClassName: 'c' } }]
    await server.call('POST', path, { metadata: { name: 'c' }, spec: { devices: { requests } } })
  })
  afterAll(() => server.close())

  const write = async (status: object): Promise<[number, string]> => {
    const answer = await server.call('PATCH', `${path}/c/status`, { status }, merge)
    const { details } = JSON.parse(answer.text)
    return [answer.status, details?.causes?.[0]?.message ?? '']
  }

  it('is allocated and reserved by who may bind', async () => {
    const allocation = { devices: { results: [result] } }
    const [code, why] = await write({ allocation })
    expect(code).toBe(422)
    expect(why).toMatch(
      /^Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims\/binding", verb="patch" permission: resourceclaims.resource.k8s.io is forbidden: User "admin" cannot patch resource "resourceclaims\/binding"/,
    )
    allowed = ['patch binding ']
    expect(await write({ allocation })).toEqual([200, ''])
  })

  it('tells of a driver’s devices by who may', async () => {
    const [code, why] = await write({ devices: [device] })
    expect([code, why.split(' permission')[0]]).toEqual([
      422,
      'Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:patch]"',
    ])
    allowed = ['arbitrary-node:patch driver d.example.com']
    expect(await write({ devices: [device] })).toEqual([200, ''])
    allowed = []
    expect(await write({ devices: [device] })).toEqual([200, ''])
  })

  it('has admin access only in namespaces that are marked for it', async () => {
    const requests = [{ name: 'a', exactly: { deviceClassName: 'c', adminAccess: true } }]
    const claim = { metadata: { name: 'admin' }, spec: { devices: { requests } } }
    const { status, text } = await server.call('POST', path, claim)
    expect([status, JSON.parse(text).details.causes]).toEqual([
      422,
      [
        {
          reason: 'FieldValueForbidden',
          field: 'spec.devices.requests[0].adminAccess',
          message:
            'Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace',
        },
      ],
    ])
    const labels = { 'resource.kubernetes.io/admin-access': 'true' }
    await server.call('PATCH', '/api/v1/namespaces/ns', { metadata: { labels } }, merge)
    expect((await server.call('POST', path, claim)).status).toBe(201)
  })
})
