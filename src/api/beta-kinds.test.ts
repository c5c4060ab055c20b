import { describe, expect, it } from 'vitest'
import { StorageVersion } from './apiserverinternal/storage-version/kind.ts'
import { ClusterTrustBundle } from './certificates/cluster-trust-bundle/kind.ts'
import { PodCertificateRequest } from './certificates/pod-certificate-request/kind.ts'
import { LeaseCandidate } from './coordination/lease-candidate/kind.ts'
import { featureGates } from './feature-gates.ts'
import { PodGroup } from './scheduling/pod-group/kind.ts'
import { Workload } from './scheduling/workload/kind.ts'
import { StorageVersionMigration } from './storagemigration/storage-version-migration/kind.ts'
import { changeRejections, rejections } from './testing/rejections.ts'

const metadata = { name: 'x', namespace: 'default' }

/** An authority's certificate, made for this test with openssl: `req -x509 -newkey ed25519 -subj /CN=ca -days 1`. */
const authority = `-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhRNyr0weCEldCv/yUWDFB3UAlgbTDAFBgMrZXAwDTELMAkG
A1UEAwwCY2EwHhcNMjYxMTIxMTM1MDU5WhcNMzYxMTE4MTM1MDU5WjANMQswCQYD
VQQDDAJjYTAqMAUGAytlcAMhAD43KLuXTbKkgZiItHTwfNuOelXxCSWAupyZD2Le
1ZLPo1MwUTAdBgNVHQ4EFgQUHMIAHts2TJasY6NBe59X7vx5yk0wHwYDVR0jBBgw
FoAUHMIAHts2TJasY6NBe59X7vx5yk0wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQBj/CXQC2cj+/aEG5G6hqImuZYTIxjVWgrKM2wtMXH4woBdJ7GgK2qSnwWAbuDO
VcElsxSjsAJ9jhuVUYRnVEQN
-----END CERTIFICATE-----
`

describe('LeaseCandidate', () => {
  it('validate() compares versions', () => {
    const spec = {
      leaseName: '',
      binaryVersion: '1.35.0',
      emulationVersion: '1.36.0',
      strategy: 'OldestEmulationVersion',
    }
    expect(rejections(LeaseCandidate, { metadata, spec })).toEqual([
      'spec.leaseName: Required value',
      'spec.binaryVersion: Invalid value: "1.35.0": must be greater than or equal to `emulationVersion`',
    ])
    expect(
      rejections(LeaseCandidate, {
        metadata,
        spec: { leaseName: 'l', binaryVersion: '1', strategy: 'Mine' },
      }),
    ).toEqual([
      'spec.binaryVersion: Invalid value: "1": must be a valid semantic version',
      'spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"',
    ])
  })
})

describe('StorageVersionMigration', () => {
  const migration = {
    metadata: { name: 'x' },
    spec: { resource: { group: 'apps', resource: 'deployments' } },
  }

  it('validate() wants a resource, which stays', () => {
    expect(
      rejections(StorageVersionMigration, {
        metadata: { name: 'x' },
        spec: { resource: { group: '', resource: '' } },
      }),
    ).toEqual(['spec.resource.resource: Required value: resource is required to be set'])
    expect(
      changeRejections(StorageVersionMigration, migration, (each) => ({
        ...each,
        spec: { resource: { group: '', resource: 'pods' } },
      })),
    ).toEqual([expect.stringContaining('field is immutable')])
  })

  it('validate() has it succeed or fail, not both', () => {
    const conditionOf = (type: string) => ({
      type,
      status: 'True',
      reason: 'R',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    })
    const conditions = [conditionOf('Succeeded'), conditionOf('Failed')]
    expect(
      changeRejections(
        StorageVersionMigration,
        migration,
        (each) => ({ ...each, status: { conditions } }),
        'status',
      ),
    ).toEqual([expect.stringContaining('Both success and failed conditions cannot be true at the same time')])
  })
})

describe('StorageVersion', () => {
  it('validate() wants servers to agree with themselves', () => {
    expect(rejections(StorageVersion, { metadata: { name: 'deployments' }, spec: {}, status: {} })).toEqual([
      'metadata.name: Invalid value: "deployments": name must be in the form of <group>.<resource>',
    ])
    const server = { apiServerID: 'a', encodingVersion: 'v1', decodableVersions: ['v2'] }
    expect(
      changeRejections(
        StorageVersion,
        { metadata: { name: 'apps.deployments' }, spec: {}, status: {} },
        (each) => ({ ...each, status: { storageVersions: [server] } }),
        'status',
      ),
    ).toEqual([
      'status.storageVersions[0].decodableVersions: Invalid value: ["v2"]: decodableVersions must include encodingVersion v1',
      'status.commonEncodingVersion: Invalid value: null: the common encoding version is v1',
    ])
  })
})

describe('Workload', () => {
  it('validate() follows the rules of its fields', () => {
    const spec = {
      podGroupTemplates: [
        { name: 'a', schedulingPolicy: {} },
        { name: 'a', schedulingPolicy: { basic: {}, gang: { minCount: 0 } } },
      ],
    }
    expect(rejections(Workload, { metadata, spec })).toEqual([
      'spec.podGroupTemplates[1]: Duplicate value: {"name":"a","schedulingPolicy":{"basic":{},"gang":{"minCount":0}}}',
      'spec.podGroupTemplates[0].schedulingPolicy: Invalid value: "": must specify one of: `basic`, `gang`',
      'spec.podGroupTemplates[1].schedulingPolicy: Invalid value: "{basic, gang}": must specify exactly one of: `basic`, `gang`',
      'spec.podGroupTemplates[1].schedulingPolicy.gang.minCount: Required value',
    ])
    expect(rejections(Workload, { metadata, spec: { podGroupTemplates: [] } })).toEqual([
      'spec.podGroupTemplates: Required value',
    ])
  })

  it('has fields of features that are off dropped', () => {
    const template = { name: 'a', schedulingPolicy: { basic: {} }, priority: 3 }
    const workload = { metadata, spec: { podGroupTemplates: [template] } }
    const gates = ['WorkloadAwarePreemption', 'GangScheduling', 'GenericWorkload']
    const on = featureGates(new Map(gates.map((name) => [name, true])))
    const off = featureGates(new Map())
    const prepared = (features: typeof on) =>
      Workload.prepareForCreate(workload, { nowMs: 0, features, subresource: '' }).spec?.podGroupTemplates
    expect(prepared(on)).toEqual([template])
    expect(prepared(off)).toEqual([{ name: 'a', schedulingPolicy: { basic: {} } }])
  })
})

describe('PodGroup', () => {
  it('validate() keeps its policy as it is', () => {
    const group = { metadata, spec: { schedulingPolicy: { basic: {} } } }
    expect(rejections(PodGroup, group)).toEqual([])
    expect(
      changeRejections(PodGroup, group, (each) => ({
        ...each,
        spec: { schedulingPolicy: { gang: { minCount: 2 } } },
      })),
    ).toEqual(['spec.schedulingPolicy: Invalid value: null: field is immutable'])
  })
})

describe('ClusterTrustBundle', () => {
  it('validate() wants authorities, once each', () => {
    const bundleOf = (trustBundle: string) => ({ metadata: { name: 'x' }, spec: { trustBundle } })
    const path = 'spec.trustBundle: Invalid value: "<value omitted>"'
    expect(rejections(ClusterTrustBundle, bundleOf(authority))).toEqual([])
    expect(rejections(ClusterTrustBundle, bundleOf(authority + authority))).toEqual([
      `${path}: duplicate trust anchor (indices [0 1])`,
    ])
    expect(rejections(ClusterTrustBundle, bundleOf(''))).toEqual([
      `${path}: at least one trust anchor must be provided`,
    ])
    const wrong =
      '-----BEGIN X-----\nAAAA\n-----END X-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    expect(rejections(ClusterTrustBundle, bundleOf(wrong))).toEqual([
      `${path}: entry 0 has bad block type: X`,
      `${path}: entry 1 does not parse as X.509`,
    ])
  })

  it('validate() has the name start with the signer', () => {
    const bundle = { metadata: { name: 'x' }, spec: { signerName: 'a.b/c', trustBundle: authority } }
    expect(rejections(ClusterTrustBundle, bundle)).toEqual([
      'metadata.name: Invalid value: "x": ClusterTrustBundle for signerName a.b/c must be named with prefix a.b:c:',
    ])
  })
})

describe('PodCertificateRequest', () => {
  it('validate() wants to know whose pod it is, and one kind of request', () => {
    const spec = {
      signerName: 'kubernetes.io/x',
      stubPKCS10Request: '',
      podName: 'p',
      podUID: '',
      serviceAccountName: 's',
      serviceAccountUID: 'u',
      nodeName: 'n',
      nodeUID: 'u',
      maxExpirationSeconds: 100_000,
    }
    expect(rejections(PodCertificateRequest, { metadata, spec })).toEqual([
      'spec.podUID: Invalid value: "": must not be empty',
      'spec.maxExpirationSeconds: Invalid value: 100000: must be in the range [3600, 86400]',
      'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
    ])
  })
})
