import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { AdmissionPlugin } from '../admission.ts'
import type { UserInfo } from '../request.ts'
import { admit } from '../testing/admit.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { defaultStorageClass } from './default-storage-class/default-storage-class.ts'
import { namespaceLifecycle } from './namespace-lifecycle/namespace-lifecycle.ts'
import { NodeRestrictionPlugin } from './node-restriction/node-restriction.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection/storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition/taint-nodes-by-condition.ts'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
})

describe('NamespaceLifecycle', () => {
  const map = (namespace: string): KubernetesObject => ({ metadata: { namespace, name: 'm' } })
  beforeEach(() => {
    reader.put('namespaces', { metadata: { name: 'here' }, ...{ status: { phase: 'Active' } } })
    reader.put('namespaces', { metadata: { name: 'going' }, ...{ status: { phase: 'Terminating' } } })
  })

  it('refuses what has no namespace, and new things in one that goes', async () => {
    const plugin = namespaceLifecycle(reader)
    await admit(plugin, ConfigMap, map('here'))
    await admit(plugin, ConfigMap, map('going'), { operation: 'UPDATE' })
    await admit(plugin, ConfigMap, map('going'), { operation: 'DELETE' })
    await expect(admit(plugin, ConfigMap, map('gone'))).rejects.toThrow('namespaces "gone" not found')
    await expect(admit(plugin, ConfigMap, map('going'))).rejects.toMatchObject({
      message:
        'configmaps "m" is forbidden: unable to create new content in namespace going because it is being terminated',
      status: {
        details: {
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: 'namespace going is being terminated',
              field: 'metadata.namespace',
            },
          ],
        },
      },
    })
  })

  it('keeps the system’s own', async () => {
    const plugin = namespaceLifecycle(reader)
    await admit(plugin, Namespace, { metadata: { name: 'here' } }, { operation: 'DELETE' })
    await expect(
      admit(plugin, Namespace, { metadata: { name: 'kube-system' } }, { operation: 'DELETE' }),
    ).rejects.toThrow('namespaces "kube-system" is forbidden: this namespace may not be deleted')
  })
})

describe('storage plugins', () => {
  it('names the newest default class for a claim without one', async () => {
    const put = (name: string, creationTimestamp: string): void =>
      reader.put('storageclasses.storage.k8s.io', {
        metadata: {
          name,
          creationTimestamp,
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
      })
    const claim = (spec: object = {}): KubernetesObject => ({
      metadata: { namespace: 'ns', name: 'c' },
      ...{ spec },
    })
    expect(await admit(defaultStorageClass(reader), PersistentVolumeClaim, claim())).toEqual(claim())
    put('old', '2026-01-01T00:00:00Z')
    put('new', '2026-02-01T00:00:00Z')
    expect(await admit(defaultStorageClass(reader), PersistentVolumeClaim, claim())).toMatchObject({
      spec: { storageClassName: 'new' },
    })
    expect(
      await admit(defaultStorageClass(reader), PersistentVolumeClaim, claim({ storageClassName: '' })),
    ).toMatchObject({ spec: { storageClassName: '' } })
  })

  it('protects claims with a finalizer', async () => {
    const admitted = await admit(storageObjectInUseProtection, PersistentVolumeClaim, {
      metadata: { name: 'c', finalizers: ['x'] },
    })
    expect(admitted.metadata?.finalizers).toEqual(['x', 'kubernetes.io/pvc-protection'])
    expect(await admit(storageObjectInUseProtection, PersistentVolumeClaim, admitted)).toBe(admitted)
  })
})

describe('TaintNodesByCondition', () => {
  it('taints new nodes once', async () => {
    const node = await admit(taintNodesByCondition, Node, { metadata: { name: 'n' } })
    expect(node).toMatchObject({
      spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
    })
    expect(await admit(taintNodesByCondition, Node, node)).toBe(node)
  })
})

describe('NodeRestriction', () => {
  const user: UserInfo = { name: 'system:node:n1', groups: ['system:nodes'] }
  const plugin = (): AdmissionPlugin =>
    new NodeRestrictionPlugin(reader, {
      authorize: () => ({ decision: 'no-opinion', reason: '' }),
      rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' }),
    })
  const node = (name: string, labels = {}, spec = {}): KubernetesObject => ({
    metadata: { name, labels },
    ...{ spec },
  })
  const pod = (nodeName: string, rest: object = {}): KubernetesObject => ({
    metadata: { namespace: 'ns', name: 'p', uid: 'u' },
    ...{ spec: { nodeName, containers: [], ...rest } },
  })

  it('leaves others alone', async () => {
    await admit(plugin(), Node, node('n2'), { operation: 'UPDATE', old: node('n2') })
  })

  it.each([
    ['another node', Node, node('n2'), {}, 'node "n1" is not allowed to modify node "n2"'],
    [
      'a restricted label',
      Node,
      node('n1', { 'node-restriction.kubernetes.io/x': '1' }),
      {},
      'node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/x',
    ],
    [
      'a label of Kubernetes',
      Node,
      node('n1', { 'kubernetes.io/role': 'x' }),
      { operation: 'UPDATE', old: node('n1') },
      'is not allowed to modify labels: kubernetes.io/role',
    ],
    [
      'its taints',
      Node,
      node('n1', {}, { taints: [] }),
      { operation: 'UPDATE', old: node('n1', {}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }) },
      'node "n1" is not allowed to modify taints',
    ],
    [
      'a pod that mirrors nothing',
      Pod,
      pod('n1'),
      {},
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    ],
    [
      'a pod’s spec',
      Pod,
      pod('n1'),
      { operation: 'UPDATE', old: pod('n1') },
      'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
    ],
    [
      'the status of a pod elsewhere',
      Pod,
      pod('n2'),
      { operation: 'UPDATE', subresource: 'status', old: pod('n2') },
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'a claim',
      PersistentVolumeClaim,
      { metadata: { namespace: 'ns', name: 'c' } },
      { operation: 'UPDATE', old: {} },
      'may only update PVC status',
    ],
  ] as const)('refuses %s', async (_, kind, object, write, message) => {
    await expect(admit(plugin(), kind, object, { user, ...write })).rejects.toThrow(message)
  })

  it('lets it write what is its own', async () => {
    const labels = { 'kubernetes.io/hostname': 'n1', 'kubelet.kubernetes.io/x': '1', own: '1' }
    await admit(plugin(), Node, node('n1', labels), { user })
    await admit(plugin(), Pod, pod('n1'), {
      user,
      operation: 'UPDATE',
      subresource: 'status',
      old: pod('n1'),
    })
    reader.put('pods', pod('n1'))
    await admit(plugin(), Pod, pod('n1'), { user, operation: 'DELETE' })
    const mirror: KubernetesObject = {
      ...pod('n1'),
      metadata: {
        namespace: 'ns',
        name: 'p',
        annotations: { 'kubernetes.io/config.mirror': 'x' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u', controller: true }],
      },
    }
    await admit(plugin(), Pod, mirror, { user })
  })

  it('gives tokens only for pods that run there and audiences that they use', async () => {
    const volumes = [
      {
        name: 'v',
        projected: {
          sources: [
            { serviceAccountToken: { path: 't', audience: 'vault' } },
            { serviceAccountToken: { path: 'u' } },
          ],
        },
      },
    ]
    reader.put('pods', pod('n1', { volumes }))
    const ask = (spec: object): Promise<KubernetesObject> =>
      admit(
        plugin(),
        ServiceAccount,
        { metadata: { namespace: 'ns' }, ...{ spec } },
        { user, subresource: 'token', name: 'default' },
      )
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }
    await ask({ boundObjectRef, audiences: ['vault'] })
    await ask({ boundObjectRef })
    await expect(ask({})).rejects.toThrow('node requested token not bound to a pod')
    await expect(ask({ boundObjectRef: { ...boundObjectRef, uid: 'x' } })).rejects.toThrow(
      'does not match the UID in record',
    )
    await expect(ask({ boundObjectRef, audiences: ['other'] })).rejects.toThrow(
      'audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
    )
    reader.put('pods', pod('n2'))
    await expect(ask({ boundObjectRef })).rejects.toThrow(
      'node requested token bound to a pod scheduled on a different node',
    )
  })
})
