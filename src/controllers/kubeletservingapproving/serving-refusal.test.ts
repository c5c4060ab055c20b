import { expect, test } from 'vitest'
import { rangesOf } from '../../apimachinery/ip-address.ts'
import type { CertificateRequest } from '../../base/certificate-request.ts'
import { servingRefusal } from './serving-refusal.ts'

const node = (name: string, ...addresses: readonly string[]) => ({
  metadata: { name },
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
})

const surroundings = {
  nodes: [
    node('n1', '10.1.0.1', 'fd00::0:1', '10.96.0.7', '127.0.0.1', '10.1.0.9'),
    node('n2', '10.1.0.2'),
    node('n3', '10.1.0.2'),
  ],
  serviceRanges: rangesOf('10.96.0.0/12'),
  serverAddresses: ['10.1.0.9'],
}

const request = (dnsNames: readonly string[], ...addresses: readonly string[]): CertificateRequest => ({
  ...{ subject: new Uint8Array(), commonName: '', organizations: [], publicKey: new Uint8Array() },
  ...{ dnsNames, emailAddresses: [], uris: [], signed: '' },
  ipAddresses: addresses.map((text) =>
    text.includes(':')
      ? Uint8Array.of(0xfd, ...Array.from({ length: 14 }, () => 0), 1)
      : Uint8Array.from(text.split('.'), Number),
  ),
})

test('servingRefusal() lets a node serve under its name, at its addresses', () => {
  expect(servingRefusal('n1', request(['n1'], '10.1.0.1', 'fd00::1'), surroundings)).toBeUndefined()
})

test.each([
  ['n9', [], '10.1.0.1', 'there is no node n9'],
  ['n1', ['kubernetes'], '10.1.0.1', "kubernetes is not the node's name"],
  ['n1', ['n1'], '10.1.0.3', '10.1.0.3 is not an address of the node'],
  ['n2', ['n2'], '10.1.0.2', '10.1.0.2 is an address of somebody else'],
  ['n1', ['n1'], '10.1.0.9', '10.1.0.9 is an address of somebody else'],
  ['n1', ['n1'], '10.96.0.7', '10.96.0.7 is no address for a node'],
  ['n1', ['n1'], '127.0.0.1', '127.0.0.1 is no address for a node'],
])('servingRefusal() refuses %s with %s and %s', (name, names, address, why) => {
  expect(servingRefusal(name, request(names, address), surroundings)).toBe(why)
})
