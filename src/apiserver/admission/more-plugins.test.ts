import { beforeEach, describe, expect, it } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Event } from '../../api/core/event/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { Ingress } from '../../api/networking/ingress/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Authorizer, AuthorizerAttributes } from '../authorizer.ts'
import { admit } from '../testing/admit.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { alwaysDeny } from './always-deny/always-deny.ts'
import { alwaysPullImages } from './always-pull-images/always-pull-images.ts'
import { certificateApproval } from './certificate-approval/certificate-approval.ts'
import { certificateSigning } from './certificate-signing/certificate-signing.ts'
import { defaultIngressClass } from './default-ingress-class/default-ingress-class.ts'
import { denyServiceExternalIps } from './deny-service-external-ips/deny-service-external-ips.ts'
import { eventRateLimit } from './event-rate-limit/event-rate-limit.ts'
import { extendedResourceToleration } from './extended-resource-toleration/extended-resource-toleration.ts'
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology/limit-pod-hard-anti-affinity-topology.ts'
import { namespaceAutoProvision } from './namespace-auto-provision/namespace-auto-provision.ts'
import { namespaceExists } from './namespace-exists/namespace-exists.ts'
import { OwnerReferencesPermissionEnforcement } from './owner-references-permission-enforcement/owner-references-permission-enforcement.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize/persistent-volume-claim-resize.ts'
import { podNodeSelector } from './pod-node-selector/pod-node-selector.ts'
import { podTolerationRestriction } from './pod-toleration-restriction/pod-toleration-restriction.ts'
import { podTopologyLabels } from './pod-topology-labels/pod-topology-labels.ts'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
})

const pod = (spec: object, metadata: object = {}): KubernetesObject & { spec: object } => ({
  metadata: { name: 'p', namespace: 'n', ...metadata },
  spec: { containers: [{ name: 'a', image: 'i' }], ...spec },
})

/** Allows what it is told, as `verb resource/subresource name`. */
function allowing(...allowed: readonly string[]): Authorizer {
  const text = ({ verb, resource, subresource, name }: AuthorizerAttributes): string =>
    `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`} ${name}`
  return {
    authorize: (attributes) => ({
      decision: allowed.includes(text(attributes)) ? 'allow' : 'no-opinion',
      reason: 'not told so',
    }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' }),
  }
}

describe('PersistentVolumeClaimResize', () => {
  const claim = (storage: string, phase: string, storageClassName = 'c') => ({
    metadata: { name: 'v', namespace: 'n' },
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  })
  const grow = (phase: string, name?: string) =>
    admit(persistentVolumeClaimResize(reader), PersistentVolumeClaim, claim('2Gi', phase, name), {
      operation: 'UPDATE',
      old: claim('1Gi', phase, name),
    })

  it('lets bound claims grow whose class lets them', async () => {
    await expect(grow('Pending')).rejects.toThrow('Only bound persistent volume claims can be expanded')
    await expect(grow('Bound')).rejects.toThrow('only dynamically provisioned pvc can be resized')
    reader.put('storageclasses.storage.k8s.io', {
      metadata: { name: 'c' },
      ...{ allowVolumeExpansion: true },
    })
    await grow('Bound')
  })
})

describe('certificate plugins', () => {
  const request = (status: object = {}) => ({
    metadata: { name: 'r' },
    spec: { request: '', signerName: 'example.com/own', usages: [] },
    status,
  })
  const update = (plugin: ReturnType<typeof certificateApproval>, subresource: string, status: object) =>
    admit(plugin, CertificateSigningRequest, request(status), {
      operation: 'UPDATE',
      old: request(),
      subresource,
    })

  it('ask for the right to use the signer, by name or domain', async () => {
    await expect(update(certificateApproval(allowing()), 'approval', {})).rejects.toThrow(
      'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/own"',
    )
    await update(certificateApproval(allowing('approve signers example.com/*')), 'approval', {})
    const signed = { certificate: 'QQ==' }
    await expect(update(certificateSigning(allowing()), 'status', signed)).rejects.toThrow(
      'user not permitted to sign requests',
    )
    await update(certificateSigning(allowing('sign signers example.com/own')), 'status', signed)
    await update(certificateSigning(allowing()), 'status', {})
  })
})

it('DefaultIngressClass gives the newest default', async () => {
  const classed = (name: string, time: string) => ({
    metadata: {
      name,
      creationTimestamp: time,
      annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
    },
  })
  reader.put('ingressclasses.networking.k8s.io', classed('old', '2026-01-01T00:00:00Z'))
  reader.put('ingressclasses.networking.k8s.io', classed('new', '2026-02-01T00:00:00Z'))
  const plugin = defaultIngressClass(reader)
  expect(await admit(plugin, Ingress, { metadata: { name: 'i', namespace: 'n' } })).toMatchObject({
    spec: { ingressClassName: 'new' },
  })
  const named = { metadata: { name: 'i', namespace: 'n' }, spec: { ingressClassName: 'old' } }
  expect(await admit(plugin, Ingress, named)).toBe(named)
})

it('PodTopologyLabels copies the zone and region of the node', async () => {
  const labels = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', other: 'o' }
  reader.put('nodes', { metadata: { name: 'n1', labels } })
  const plugin = podTopologyLabels(reader)
  const { other: _other, ...copied } = labels
  expect(await admit(plugin, Pod, pod({ nodeName: 'n1' }))).toMatchObject({ metadata: { labels: copied } })
  const binding = { metadata: { name: 'p', namespace: 'n' }, target: { kind: 'Node', name: 'n1' } }
  const bound = await admit(plugin, Pod, binding, { subresource: 'binding' })
  expect(bound.metadata?.labels).toEqual(copied)
})

it('AlwaysPullImages changes what brings a new image, and refuses what others changed back', async () => {
  const old = pod({})
  expect(await admit(alwaysPullImages, Pod, old)).toMatchObject({
    spec: { containers: [{ imagePullPolicy: 'Always' }] },
  })
  expect(await admit(alwaysPullImages, Pod, old, { operation: 'UPDATE', old })).toBe(old)
  const { mutate: _mutate, ...validator } = alwaysPullImages
  await expect(admit(validator, Pod, pod({}))).rejects.toThrow(
    'pods "p" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "": supported values: "Always"',
  )
})

it('DenyServiceExternalIPs lets known addresses stay', async () => {
  const service = (externalIPs: readonly string[]) => ({
    metadata: { name: 's', namespace: 'n' },
    spec: { externalIPs },
  })
  await expect(admit(denyServiceExternalIps, Service, service(['1.2.3.4']))).rejects.toThrow(
    'Use of external IPs is denied by admission control',
  )
  const old = service(['1.2.3.4', '1.2.3.5'])
  await admit(denyServiceExternalIps, Service, service(['1.2.3.5']), { operation: 'UPDATE', old })
})

it('LimitPodHardAntiAffinityTopology allows the host’s name only', async () => {
  const term = (topologyKey: string) =>
    pod({
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } },
    })
  await admit(limitPodHardAntiAffinityTopology, Pod, term('kubernetes.io/hostname'))
  await expect(admit(limitPodHardAntiAffinityTopology, Pod, term('zone'))).rejects.toThrow(
    'affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
  )
})

it('NamespaceExists and NamespaceAutoProvision refuse, and make, what is not there', async () => {
  const map = { metadata: { name: 'm', namespace: 'n' } }
  await expect(admit(namespaceExists(reader), ConfigMap, map)).rejects.toThrow('namespaces "n" not found')
  const made: unknown[] = []
  const plugin = namespaceAutoProvision(reader, () => ({
    request: async ({ body }) => {
      made.push(body)
      return { status: 201, body: {}, warnings: [] }
    },
    watch: () => {
      throw new Error('nobody watches')
    },
    close: () => Promise.resolve(),
  }))
  await admit(plugin, ConfigMap, map, { dryRun: true })
  await admit(plugin, ConfigMap, map)
  expect(made).toEqual([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }])
})

it('ExtendedResourceToleration tolerates what is asked for, once', async () => {
  const toleration = { key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' }
  const asking = pod({
    containers: [{ name: 'a', resources: { requests: { cpu: '1', 'example.com/gpu': '1' } } }],
  })
  const tolerant = await admit(extendedResourceToleration, Pod, asking)
  expect(tolerant).toMatchObject({ spec: { tolerations: [toleration] } })
  expect(await admit(extendedResourceToleration, Pod, tolerant)).toBe(tolerant)
})

describe('OwnerReferencesPermissionEnforcement', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u', blockOwnerDeletion: true }
  const find = (_version: string, kind: string) =>
    kind === 'ReplicaSet'
      ? { group: 'apps', version: 'v1', resource: 'replicasets', namespaced: true }
      : undefined
  const owned = pod({}, { ownerReferences: [owner] })
  const check = (authorizer: Authorizer, object = owned, old?: KubernetesObject) =>
    admit(
      new OwnerReferencesPermissionEnforcement(authorizer, find),
      Pod,
      object,
      old === undefined ? {} : { operation: 'UPDATE', old },
    )

  it('asks for what the owner’s end would do', async () => {
    await check(allowing(), pod({}))
    await expect(check(allowing())).rejects.toThrow(
      `pods "p" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: not told so, <nil>`,
    )
    await check(allowing('update replicasets/finalizers rs'))
    await check(allowing('update */finalizers *'))
    await expect(check(allowing('update */finalizers *'), owned, pod({}))).rejects.toThrow(
      `cannot set an ownerRef on a resource you can't delete: not told so, <nil>`,
    )
    const unknown = pod({}, { ownerReferences: [{ ...owner, kind: 'Other' }] })
    await expect(check(allowing(), unknown)).rejects.toThrow(
      'cannot find RESTMapping for APIVersion apps/v1 Kind Other',
    )
  })
})

describe('PodNodeSelector', () => {
  const withNamespace = (annotations: object): void =>
    reader.put('namespaces', { metadata: { name: 'n', annotations: { ...annotations } } })
  const key = 'scheduler.alpha.kubernetes.io/node-selector'

  it('adds its namespace’s selector, and refuses what contradicts it', async () => {
    withNamespace({ [key]: 'zone=a' })
    const plugin = podNodeSelector(reader, { clusterDefaultNodeSelector: 'zone=b', n: 'zone=a,disk=ssd' })
    const selected = await admit(plugin, Pod, pod({ nodeSelector: { disk: 'ssd' } }))
    expect(selected).toMatchObject({ spec: { nodeSelector: { zone: 'a', disk: 'ssd' } } })
    await expect(admit(plugin, Pod, pod({ nodeSelector: { zone: 'b' } }))).rejects.toThrow(
      'pod node label selector conflicts with its namespace node label selector',
    )
    await expect(admit(plugin, Pod, pod({ nodeSelector: { other: 'x' } }))).rejects.toThrow(
      'pod node label selector labels conflict with its namespace whitelist',
    )
    withNamespace({})
    expect(
      await admit(podNodeSelector(reader, { clusterDefaultNodeSelector: 'zone=b' }), Pod, pod({})),
    ).toMatchObject({
      spec: { nodeSelector: { zone: 'b' } },
    })
  })

  it.each([
    ['not a selector', /^invalid selector: \[not a selector\]$/],
    ['a=b=c', /^invalid selector: \[a b c\]$/],
    ['a@=b', /^<nil>: Invalid value: "a@": name part must consist of/],
    ['a=b@', /^\[a\]: Invalid value: "b@": a valid label must be an empty string/],
  ])('fails where the namespace’s selector is none: %s', async (selector, message) => {
    withNamespace({ [key]: selector })
    await expect(admit(podNodeSelector(reader, {}), Pod, pod({}))).rejects.toMatchObject({
      code: 500,
      message: expect.stringMatching(message),
    })
  })
})

it('PodTolerationRestriction adds the namespace’s tolerations and keeps to its list', async () => {
  const toleration = (name: string) => ({ key: name, operator: 'Exists', effect: 'NoSchedule' })
  const annotations = {
    'scheduler.alpha.kubernetes.io/defaultTolerations': JSON.stringify([toleration('a')]),
    'scheduler.alpha.kubernetes.io/tolerationsWhitelist': JSON.stringify([toleration('a'), toleration('b')]),
  }
  reader.put('namespaces', { metadata: { name: 'n', annotations } })
  const plugin = podTolerationRestriction(reader, { default: [], whitelist: [] })
  expect(await admit(plugin, Pod, pod({ tolerations: [toleration('b')] }))).toMatchObject({
    spec: { tolerations: [toleration('b'), toleration('a')] },
  })
  await expect(admit(plugin, Pod, pod({ tolerations: [toleration('c')] }))).rejects.toThrow(
    'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
  )
})

it('AlwaysDeny refuses every operation, in the mutating step already', async () => {
  const why = 'pods "p" is forbidden: admission control is denying all modifications'
  for (const operation of ['CREATE', 'UPDATE', 'DELETE'] as const)
    await expect(admit(alwaysDeny, Pod, pod({}), { operation })).rejects.toThrow(why)
})

it('EventRateLimit refuses what comes too fast, for each key', async () => {
  const plugin = eventRateLimit(realHost, [{ type: 'Namespace', qps: 1, burst: 1, cacheSize: 10 }])
  const event = (namespace: string) => ({ metadata: { name: 'e', namespace } })
  await admit(plugin, Event, event('a'))
  await admit(plugin, Event, event('b'))
  await expect(admit(plugin, Event, event('a'))).rejects.toMatchObject({
    code: 429,
    message: 'Too many requests: limit reached on type Namespace for key a',
  })
})
