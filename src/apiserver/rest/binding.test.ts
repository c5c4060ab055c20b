import { expect, test } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { startTestServer } from '../testing/test-server.ts'

const pods = '/api/v1/namespaces/a/pods'
const gate = 'ClearingNominatedNodeNameAfterBinding'

test.each([
  ['forgets where room was made', true, undefined],
  [`keeps it without ${gate}`, false, 'n'],
])('createBinding() %s', async (_what, enabled, expected) => {
  const server = await startTestServer({ features: featureGates(new Map([[gate, enabled]])) })
  try {
    const spec = { containers: [{ name: 'c', image: 'i' }] }
    await server.call('POST', pods, { metadata: { name: 'p' }, spec })
    const { status } = JSON.parse((await server.call('GET', `${pods}/p`)).text)
    await server.call('PUT', `${pods}/p/status`, {
      metadata: { name: 'p' },
      spec,
      status: { ...status, nominatedNodeName: 'n' },
    })
    const target = { kind: 'Node', name: 'n' }
    const bound = await server.call('POST', `${pods}/p/binding`, { metadata: { name: 'p' }, target })
    const pod = JSON.parse((await server.call('GET', `${pods}/p`)).text)
    expect([bound.status, pod.spec.nodeName, pod.status.nominatedNodeName]).toEqual([201, 'n', expected])
  } finally {
    await server.close()
  }
})
