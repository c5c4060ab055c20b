import { expect, test } from 'vitest'
import { ValidatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration/kind.ts'
import { Endpoints } from './core/endpoints/kind.ts'
import { Node } from './core/node/kind.ts'
import { Secret } from './core/secret/kind.ts'
import { Service } from './core/service/kind.ts'
import { CSIDriver } from './storage/csi-driver/kind.ts'

const pem = (type: string): string => btoa(`-----BEGIN ${type}-----\nAAEC\n-----END ${type}-----\n`)

const secret = (certificate: string, key: string) => [
  ...(Secret.warnings?.(
    { type: 'kubernetes.io/tls', data: { 'tls.crt': certificate, 'tls.key': key } },
    undefined,
  ) ?? []),
]

const namesAreReserved =
  'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations and cannot be managed via the API'
const tokensMayBeLogged =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'
const mappedAddress = '::ffff:10.0.0.1'
const mappedWarning = `non-standard IP address "${mappedAddress}" is invalid: use "10.0.0.1"`

test.each([
  [
    'headless services',
    Service.warnings?.(
      { spec: { type: 'ClusterIP', clusterIP: 'None', loadBalancerIP: '1.2.3.4', externalIPs: ['1.2.3.4'] } },
      undefined,
    ),
    [
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
    ],
  ],
  [
    'services with addresses from outside',
    Service.warnings?.(
      { spec: { type: 'ClusterIP', clusterIP: '10.0.0.2', externalIPs: [mappedAddress] } },
      undefined,
    ),
    [
      `spec.externalIPs[0]: ${mappedWarning}`,
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ],
  ],
  [
    'services with a name that does not count',
    Service.warnings?.(
      { spec: { type: 'ClusterIP', externalName: 'a.b', trafficDistribution: 'PreferClose' } },
      undefined,
    ),
    [
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ],
  [
    'endpoints',
    Endpoints.warnings?.({ subsets: [{ notReadyAddresses: [{ ip: mappedAddress }] }] }, undefined),
    [`subsets[0].notReadyAddresses[0].ip: ${mappedWarning}`],
  ],
  [
    'nodes',
    Node.warnings?.({ spec: { configSource: {}, externalID: 'x' } }, undefined),
    [
      'spec.configSource: the feature is removed',
      'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    ],
  ],
  ['pairs of nothing', secret('', ''), ['tls: failed to find any PEM data in certificate input']],
  [
    'pairs that are switched',
    secret(pem('EC PRIVATE KEY'), pem('CERTIFICATE')),
    [
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
  ],
  [
    'two certificates',
    secret(pem('CERTIFICATE'), pem('CERTIFICATE')),
    ['tls: found a certificate rather than a key in the PEM for the private key'],
  ],
  ['a certificate and a key', secret(pem('CERTIFICATE'), pem('PRIVATE KEY')), []],
  [
    'drivers that get tokens',
    CSIDriver.warnings?.({ spec: { tokenRequests: [{ audience: '' }] } }, undefined),
    [tokensMayBeLogged],
  ],
  [
    'reserved names',
    ValidatingWebhookConfiguration.warnings?.({ metadata: { name: 'a.static.k8s.io' } }, undefined),
    [namesAreReserved],
  ],
])('warnings() of %s', (_title, found, expected) => {
  expect(found).toEqual(expected)
})
