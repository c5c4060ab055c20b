import { beforeEach, expect, test } from 'vitest'
import { PodCertificateRequest } from '../../../api/certificates/pod-certificate-request/kind.ts'
import { admit } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { everythingAllowed } from '../../testing/test-server.ts'
import { NodeRestrictionPlugin } from './node-restriction.ts'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
  for (const name of ['n1', 'n2']) reader.put('nodes', { metadata: { name, uid: `uid-${name}` } })
  for (const [name, nodeName, annotations] of [
    ['p', 'n1', {}],
    ['elsewhere', 'n2', {}],
    ['mirror', 'n1', { 'kubernetes.io/config.mirror': 'x' }],
  ] as const)
    reader.put('pods', {
      metadata: { namespace: 'ns', name, uid: `uid-${name}`, annotations },
      ...{ spec: { nodeName, serviceAccountName: 'web' } },
    })
  reader.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'web', uid: 'uid-web' } })
})

const request = (more: object = {}) => ({
  metadata: { namespace: 'ns', name: 'r' },
  spec: {
    ...{ podName: 'p', podUID: 'uid-p', nodeName: 'n1', nodeUID: 'uid-n1' },
    ...{ serviceAccountName: 'web', serviceAccountUID: 'uid-web', signerName: 'example.com/x' },
    ...more,
  },
})
const ask = (more?: object) =>
  admit(new NodeRestrictionPlugin(reader, everythingAllowed), PodCertificateRequest, request(more), {
    user: { name: 'system:node:n1', groups: ['system:nodes'] },
  })

test('NodeRestriction lets nodes ask for certificates of their own pods', () => ask())

test.each<[object, string, boolean]>([
  [{ nodeName: 'n2', nodeUID: 'uid-n2' }, 'which is not the requesting node "n1"', true],
  [{ nodeUID: 'x' }, 'names node UID "x", inconsistent with the running node ("uid-n1")', false],
  [{ podName: 'gone' }, 'while retrieving pod "ns/gone" named in the PodCertificateRequest', false],
  [{ podUID: 'x' }, 'contains pod UID ("x") which differs from running pod "uid-p"', false],
  [{ podName: 'elsewhere', podUID: 'uid-elsewhere' }, 'pod "ns/elsewhere" is not running on node "n1"', true],
  [{ podName: 'mirror', podUID: 'uid-mirror' }, 'pod "ns/mirror" is a mirror pod', true],
  [{ serviceAccountName: 'root' }, 'contains serviceAccountName ("root") that differs', true],
  [{ serviceAccountUID: 'x' }, 'names service account UID "x", which differs', false],
])('NodeRestriction refuses %j', async (more, why, isForbidden) => {
  const refused = ask(more)
  await expect(refused).rejects.toThrow(why)
  const error: unknown = await refused.catch((caught: unknown) => caught)
  expect(String(error).includes('is forbidden')).toBe(isForbidden)
})
