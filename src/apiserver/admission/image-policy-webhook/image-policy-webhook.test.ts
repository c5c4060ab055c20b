import { beforeEach, expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { VirtualHost } from '../../../base/virtual-host.ts'
import { admit, type Write } from '../../testing/admit.ts'
import { type ImagePolicy, imagePolicyWebhook } from './image-policy-webhook.ts'

let asked: Record<string, unknown>[]
let answer: () => { status: number; text: string }
let host: VirtualHost
const notes: Record<string, string> = {}

beforeEach(() => {
  asked = []
  host = new VirtualHost({ seed: 1, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })
  for (const key of Object.keys(notes)) delete notes[key]
})

const says = (status: object): void => {
  answer = () => ({ status: 200, text: JSON.stringify({ kind: 'ImageReview', status }) })
}

function setUp(more: Partial<ImagePolicy> = {}) {
  const policy: ImagePolicy = {
    url: 'https://images.test/policy',
    caller: {
      call: async ({ body = '' }) => {
        asked.push(JSON.parse(body).spec)
        return { ...answer(), header: () => undefined }
      },
      close: () => {},
    },
    ...{ allowedLifeMs: 60_000, deniedLifeMs: 10_000, firstDelayMs: 1, defaultAllow: false },
    ...more,
  }
  const plugin = imagePolicyWebhook({ host, logger: silentLogger, policy })
  return (pod: core.v1.Pod, write: Write = {}) =>
    admit(plugin, Pod, pod, {
      annotate: (key, value) => {
        notes[key] = value
      },
      ...write,
    })
}

const pod = (annotations: Record<string, string> = {}): core.v1.Pod => ({
  metadata: { name: 'p', namespace: 'n', annotations },
  spec: {
    containers: [
      { name: 'a', image: 'one' },
      { name: 'b', image: 'two' },
    ],
    initContainers: [{ name: 'i', image: 'three' }],
    ephemeralContainers: [{ name: 'e', image: 'four' }],
  },
})

test('imagePolicyWebhook() shows the images of containers, and annotations that are for it', async () => {
  says({ allowed: true, auditAnnotations: { seen: 'yes' } })
  const write = setUp()
  await write(pod({ 'x.image-policy.k8s.io/ticket': '1', other: '2' }))
  await write(pod(), { operation: 'UPDATE', subresource: 'ephemeralcontainers' })
  await write(pod(), { operation: 'UPDATE', subresource: 'status' })
  expect(asked).toEqual([
    {
      containers: [{ image: 'one' }, { image: 'two' }, { image: 'three' }],
      annotations: { 'x.image-policy.k8s.io/ticket': '1' },
      namespace: 'n',
    },
    { containers: [{ image: 'four' }], namespace: 'n' },
  ])
  expect(notes).toEqual({ 'imagepolicywebhook.image-policy.k8s.io/seen': 'yes' })
})

test('imagePolicyWebhook() refuses in upstream’s words', async () => {
  const write = setUp({ deniedLifeMs: 0 })
  says({ allowed: false, reason: 'three is old' })
  await expect(write(pod())).rejects.toThrow(
    'pods "p" is forbidden: image policy webhook backend denied one or more images: three is old',
  )
  says({ allowed: false })
  await expect(write(pod())).rejects.toThrow(
    'pods "p" is forbidden: one or more images rejected by webhook backend',
  )
})

test('imagePolicyWebhook() remembers answers for as long as they count', async () => {
  const write = setUp()
  says({ allowed: true })
  await write(pod())
  await write(pod())
  await host.advance(59_999)
  await write(pod())
  expect(asked).toHaveLength(1)
  await host.advance(1)
  says({ allowed: false })
  await expect(write(pod())).rejects.toThrow('rejected')
  await host.advance(9_999)
  await expect(write(pod())).rejects.toThrow('rejected')
  expect(asked).toHaveLength(2)
  await host.advance(1)
  says({ allowed: true })
  await write(pod())
})

test('imagePolicyWebhook() refuses, or lets in and notes it, where nobody answers', async () => {
  answer = () => ({ status: 404, text: 'no' })
  await expect(setUp()(pod())).rejects.toThrow(/^pods "p" is forbidden: /)
  await setUp({ defaultAllow: true })(pod())
  expect(notes).toEqual({ 'imagepolicywebhook.image-policy.k8s.io/failed-open': 'true' })
})
