import { afterEach, expect, test } from 'vitest'
import { Pod as podKind } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'
import type { ManifestSource } from './pod-feed.ts'
import { readManifest } from './static-pod.ts'

const place = (path = '/etc/web.yaml') =>
  ({ host: testHost(), nodeName: 'node-1', source: 'file', path }) as const
const manifest = (image: string): string => `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {terminationGracePeriodSeconds: 2, containers: [{name: main, image: '${image}'}]}
`

test('readManifest() makes a pod of this node, with defaults and a uid of its own', () => {
  const [pod] = readManifest(manifest('web:1'), place())
  const { uid, annotations } = pod?.metadata ?? {}
  expect(pod).toMatchObject({
    metadata: { name: 'web-node-1', namespace: 'default', uid: expect.stringMatching(/^[0-9a-f]{32}$/) },
    spec: {
      nodeName: 'node-1',
      restartPolicy: 'Always',
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
    },
  })
  expect(annotations).toMatchObject({
    'kubernetes.io/config.hash': uid,
    'kubernetes.io/config.source': 'file',
  })
  const others = [
    readManifest(manifest('web:2'), place()),
    readManifest(manifest('web:1'), place('/etc/b.yaml')),
  ]
  expect(others.map(([other]) => other?.metadata?.uid === uid)).toEqual([false, false])
})

test('readManifest() reads lists', () => {
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'm', image: 'i' }] } }
  const list = { apiVersion: 'v1', kind: 'PodList', items: [pod, { ...pod, metadata: { name: 'b' } }] }
  const pods = readManifest(JSON.stringify(list), place())
  expect(pods.map(({ metadata }) => metadata?.name)).toEqual(['a-node-1', 'b-node-1'])
})

test.each([
  ['kind: Service\napiVersion: v1\n', 'cannot be handled as a Pod'],
  ['metadata: {}\nspec: {containers: [{name: a, image: b}]}\n', 'name is needed for the pod'],
  ['metadata: {name: a}\nspec: {containers: []}\n', 'invalid pod: spec.containers: Required value'],
  [
    'metadata: {name: a}\nspec: {containers: [{name: a, image: b}], serviceAccountName: x}\n',
    'static pods may not reference serviceaccounts',
  ],
])('readManifest() refuses %j', (text, why) => {
  expect(() => readManifest(text, place())).toThrow(why)
})

/** A folder that a test fills. */
class Manifests implements ManifestSource {
  pods: readonly core.v1.Pod[] = []
  #take: (pods: readonly core.v1.Pod[]) => void = () => {}

  start(take: (pods: readonly core.v1.Pod[]) => void): () => void {
    this.#take = take
    take(this.pods)
    return () => {}
  }

  set(...texts: readonly string[]): void {
    this.pods = texts.flatMap((text) => readManifest(text, place()))
    this.#take(this.pods)
  }
}

let bench: NodeBench | undefined
afterEach(() => bench?.close())

async function start(...texts: readonly string[]) {
  const manifests = new Manifests()
  manifests.set(...texts)
  const made = await nodeBench({}, undefined, { manifests: [manifests] })
  bench = made
  await made.host.advance(5_000)
  const container = async () => (await made.node.runtime.listContainers({}))[0]
  return { manifests, bench: made, container }
}

test('a static pod runs, and is shown by a mirror of its node', async () => {
  const { bench, manifests } = await start(manifest('web:1'))
  const shown = await bench.get('web-node-1')
  const uid = manifests.pods[0]?.metadata?.uid
  expect(shown.metadata?.uid).not.toBe(uid)
  expect(shown).toMatchObject({
    metadata: {
      annotations: { 'kubernetes.io/config.mirror': uid, 'kubernetes.io/config.hash': uid },
      ownerReferences: [{ kind: 'Node', name: 'node-1', controller: true }],
    },
    status: { phase: 'Running' },
  })
  expect(bench.node.kubelet.api.pods().map(({ metadata }) => metadata?.uid)).toEqual([uid])
})

test('a mirror that somebody deletes comes again, and the pod runs on', async () => {
  const { bench, container } = await start(manifest('web:1'))
  const [before, running] = [await bench.get('web-node-1'), await container()]
  await bench.client.resource(podKind).delete('default', 'web-node-1', { gracePeriodSeconds: 0 })
  await bench.host.advance(2_000)
  const after = await bench.get('web-node-1')
  expect(after.metadata?.uid).not.toBe(before.metadata?.uid)
  expect(after.status?.phase).toBe('Running')
  expect((await container())?.id).toBe(running?.id)
})

test('a manifest that changes makes another pod, after the one before has gone', async () => {
  const { bench, container, manifests } = await start(manifest('web:1'))
  const before = await container()
  manifests.set(manifest('web:2'))
  await bench.host.advance(10_000)
  const after = await container()
  expect([before?.image?.image, after?.image?.image]).toEqual(['web:1', 'web:2'])
  const uid = manifests.pods[0]?.metadata?.uid
  expect((await bench.get('web-node-1')).metadata?.annotations?.['kubernetes.io/config.mirror']).toBe(uid)
  manifests.set()
  await bench.host.advance(10_000)
  expect(await container()).toBeUndefined()
  await expect(bench.get('web-node-1')).rejects.toThrow('not found')
})

test('an agent that starts again finds its static pods, and clears mirrors of those that have gone', async () => {
  const { bench, container, manifests } = await start(
    manifest('web:1'),
    manifest('other:1').replace('web', 'old'),
  )
  const before = (await bench.node.runtime.listContainers({})).find(({ image }) => image?.image === 'web:1')
  await bench.stopAgent()
  manifests.set(manifest('web:1'))
  await bench.startAgent()
  await bench.host.advance(10_000)
  expect((await container())?.id).toBe(before?.id)
  await expect(bench.get('old-node-1')).rejects.toThrow('not found')
})
