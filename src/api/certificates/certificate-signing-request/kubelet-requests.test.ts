import { describe, expect, test } from 'vitest'
import { kubeletClientProblem, kubeletServingProblem } from './kubelet-requests.ts'
import { parseRequest } from './parse-request.ts'
import { type RequestTraits, requestPem } from './testing/request-pem.ts'

const node: RequestTraits = { commonName: 'system:node:n1', organizations: ['system:nodes'] }
const named: RequestTraits = { ...node, dnsNames: ['n1'], ipAddresses: [Uint8Array.of(10, 0, 0, 1)] }

function parse(traits: RequestTraits) {
  const parsed = parseRequest(requestPem(traits))
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed
}

describe('kubeletClientProblem()', () => {
  const usages = ['digital signature', 'key encipherment', 'client auth']
  test.each([
    [node, usages, undefined],
    [node, ['client auth', 'digital signature'], undefined],
    [node, ['client auth'], 'usages did not match [client auth digital signature key encipherment]'],
    [{ ...node, organizations: ['others'] }, usages, 'subject organization is not system:nodes'],
    [{ ...node, commonName: 'n1' }, usages, 'subject common name does not begin with system:node:'],
    [{ ...node, dnsNames: ['n1'] }, usages, 'DNS subjectAltNames are not allowed'],
    [{ ...node, ipAddresses: [Uint8Array.of(10, 0, 0, 1)] }, usages, 'IP subjectAltNames are not allowed'],
  ])('of row %#', (traits, own, wanted) => {
    expect(kubeletClientProblem(parse(traits), own)).toBe(wanted)
  })
})

describe('kubeletServingProblem()', () => {
  const usages = ['digital signature', 'key encipherment', 'server auth']
  test.each([
    [named, usages, undefined],
    [node, usages, 'DNS or IP subjectAltName is required'],
    [named, ['client auth'], 'usages did not match [digital signature key encipherment server auth]'],
  ])('of row %#', (traits, own, wanted) => {
    expect(kubeletServingProblem(parse(traits), own)).toBe(wanted)
  })
})

test('parseRequest() says why something is no request', () => {
  expect(parseRequest(btoa('text'))).toEqual({ error: 'PEM block type must be CERTIFICATE REQUEST' })
})
