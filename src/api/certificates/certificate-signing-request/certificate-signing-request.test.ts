import { expect, test } from 'vitest'
import { defaultFeatures } from '../../feature-gates.ts'
import type { certificates } from '../../generated/types/index.ts'
import { requestPem } from '../../testing/minimal-objects.ts'
import { changeRejections, rejections } from '../../testing/rejections.ts'
import { CertificateSigningRequest } from './kind.ts'

const spec = { request: requestPem, signerName: 'example.com/signer', usages: ['client auth'] }
const request: certificates.v1.CertificateSigningRequest = { metadata: { name: 'jane' }, spec }
const approved = { type: 'Approved', status: 'True' }

test('CertificateSigningRequest.prepareForCreate() takes who asks from the request', () => {
  const forged = { ...request, spec: { ...spec, username: 'admin', groups: ['system:masters'] } }
  const user = { name: 'jane', groups: ['system:authenticated'] }
  const context = { nowMs: 0, features: defaultFeatures, subresource: '', user }
  expect(CertificateSigningRequest.prepareForCreate(forged, context).spec).toEqual({
    ...spec,
    username: 'jane',
    groups: ['system:authenticated'],
  })
})

test('CertificateSigningRequest.validate() wants a request, usages and a signer', () => {
  const wrong = { metadata: { name: 'x' }, spec: { request: 'eA==', signerName: 'x', expirationSeconds: 5 } }
  expect(rejections(CertificateSigningRequest, wrong)).toEqual([
    'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST',
    'spec.usages: Required value',
    `spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    'spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)',
  ])
})

test('CertificateSigningRequest.validate() lets decisions come through /approval alone', () => {
  const approve = (old: certificates.v1.CertificateSigningRequest) => ({
    ...old,
    status: { conditions: [approved] },
  })
  expect(changeRejections(CertificateSigningRequest, request, approve, 'approval')).toEqual([])
  expect(changeRejections(CertificateSigningRequest, request, approve, 'status')).toEqual([
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ])
  const both = { conditions: [approved, { type: 'Denied', status: 'True' }] }
  expect(
    changeRejections(CertificateSigningRequest, request, (old) => ({ ...old, status: both }), 'approval'),
  ).toEqual([
    'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ])
})

test('CertificateSigningRequest.validate() takes only what is signed by its own key, and certificates', () => {
  const complaints = (verifies: boolean, certificate = '') => {
    const context = { nowMs: 0, features: defaultFeatures, subresource: 'status' }
    const whole = { ...request, status: certificate === '' ? {} : { certificate: btoa(certificate) } }
    const errors = CertificateSigningRequest.validate(whole, undefined, {
      ...context,
      verifySignature: () => verifies,
    })
    return errors.map(({ field, message }) => `${field}: ${message.split(': ').at(-1)}`)
  }
  expect(complaints(true)).toEqual([])
  expect(complaints(false)).toEqual([expect.stringMatching(/^spec.request: .*verification (error|failure)$/)])
  expect(complaints(true, 'x')).toEqual([
    'status.certificate: must contain at least one CERTIFICATE PEM block',
  ])
  expect(complaints(true, '-----BEGIN X-----\neA==\n-----END X-----\n')).toEqual([
    'status.certificate: only CERTIFICATE PEM blocks are allowed, found "X"',
  ])
  expect(complaints(true, '-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n')).toEqual([
    'status.certificate: malformed certificate',
  ])
})
