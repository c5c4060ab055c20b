import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { protobufPacks } from '../../api/generated/protobuf.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { testKinds } from '../testing/test-kinds.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ kinds: testKinds })
})
afterAll(() => server.close())

const maps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'

const configMap = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
})
const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})
const made = async (path: string, body: object) => JSON.parse((await server.call('POST', path, body)).text)

describe('DELETE', () => {
  test('answers with a Status that says what is gone', async () => {
    const { metadata } = await made(maps, configMap('gone'))
    const answer = await server.call('DELETE', `${maps}/gone`)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      200,
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'gone', kind: 'configmaps', uid: metadata.uid },
      },
    ])
    expect((await server.call('GET', `${maps}/gone`)).status).toBe(404)
    expect((await server.call('DELETE', `${maps}/gone`)).status).toBe(404)
  })

  test('of a pod on a node marks it, and without grace removes it', async () => {
    await made(pods, pod('p', { nodeName: 'n', terminationGracePeriodSeconds: 7 }))
    const marked = JSON.parse((await server.call('DELETE', `${pods}/p`)).text)
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(7)
    expect((await server.call('GET', `${pods}/p`)).status).toBe(200)
    const body = { gracePeriodSeconds: 0 }
    const removed = JSON.parse((await server.call('DELETE', `${pods}/p`, body)).text)
    expect(removed).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } })
    expect(Number(removed.metadata.resourceVersion)).toBeGreaterThan(Number(marked.metadata.resourceVersion))
    expect((await server.call('GET', `${pods}/p`)).status).toBe(404)
  })

  test('reads its options from protobuf, too', async () => {
    const codec = new ProtobufCodec(protobufPacks, builtInSchemas)
    await made(pods, pod('q', { nodeName: 'n' }))
    const options = codec.encode({ kind: 'DeleteOptions', apiVersion: 'v1', ...{ gracePeriodSeconds: 5 } })
    const type = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const marked = JSON.parse((await server.call('DELETE', `${pods}/q`, options, type)).text)
    expect(marked.metadata.deletionGracePeriodSeconds).toBe(5)
  })

  test('of a pod without a node removes it at once', async () => {
    await made(pods, pod('unscheduled'))
    await server.call('DELETE', `${pods}/unscheduled`)
    expect((await server.call('GET', `${pods}/unscheduled`)).status).toBe(404)
  })

  test('waits for finalizers; the update that removes the last one removes the object', async () => {
    await made(maps, configMap('held', { finalizers: ['a/b'] }))
    const answer = JSON.parse((await server.call('DELETE', `${maps}/held`)).text)
    expect(answer.metadata.deletionTimestamp).toBeDefined()
    const added = await server.call('PUT', `${maps}/held`, configMap('held', { finalizers: ['a/b', 'c/d'] }))
    expect(JSON.parse(added.text).message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    )
    const taken = await server.call('POST', maps, configMap('held'))
    expect(JSON.parse(taken.text).message).toBe('object is being deleted: configmaps "held" already exists')
    const last = await server.call('PUT', `${maps}/held`, configMap('held', { finalizers: [] }))
    expect(last.status).toBe(200)
    expect((await server.call('GET', `${maps}/held`)).status).toBe(404)
  })

  test('checks preconditions', async () => {
    const { metadata } = await made(maps, configMap('guarded'))
    const wrongUid = await server.call('DELETE', `${maps}/guarded`, { preconditions: { uid: 'other' } })
    expect(JSON.parse(wrongUid.text)).toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on ConfigMap "guarded": the UID in the precondition (other) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    })
    const wrongVersion = await server.call('DELETE', `${maps}/guarded`, {
      preconditions: { resourceVersion: '1' },
    })
    expect(wrongVersion.status).toBe(409)
    const { uid, resourceVersion } = metadata
    const right = await server.call('DELETE', `${maps}/guarded`, { preconditions: { uid, resourceVersion } })
    expect(right.status).toBe(200)
  })

  test('refuses options that contradict themselves', async () => {
    await made(maps, configMap('kept'))
    const both = await server.call('DELETE', `${maps}/kept`, {
      orphanDependents: true,
      propagationPolicy: 'Orphan',
    })
    expect(JSON.parse(both.text).message).toBe(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    )
    const unknown = await server.call('DELETE', `${maps}/kept?propagationPolicy=Sideways`)
    expect(unknown.status).toBe(422)
    expect((await server.call('DELETE', `${maps}/kept?dryRun=All`)).status).toBe(200)
    expect((await server.call('GET', `${maps}/kept`)).status).toBe(200)
  })

  test('of a namespace marks it Terminating until its finalizers are gone', async () => {
    const path = '/api/v1/namespaces'
    await made(path, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
    const other = await server.call('DELETE', `${path}/n`, { preconditions: { uid: 'other' } })
    expect(JSON.parse(other.text).message).toMatch(
      /^Operation cannot be fulfilled on namespaces "n": Precondition failed: UID in precondition: other, UID in object meta: \S+$/,
    )
    const marked = JSON.parse((await server.call('DELETE', `${path}/n`)).text)
    expect(marked).toMatchObject({ status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
    expect(marked.metadata.deletionTimestamp).toBeDefined()
    expect(JSON.parse((await server.call('DELETE', `${path}/n`)).text).status.phase).toBe('Terminating')
    for (const method of ['GET', 'PATCH'])
      expect((await server.call(method, `${path}/n/finalize`)).status).toBe(405)
    const finalized = await server.call('PUT', `${path}/n/finalize`, { ...marked, spec: { finalizers: [] } })
    expect(finalized.status).toBe(200)
    expect((await server.call('GET', `${path}/n`)).status).toBe(404)
  })

  test('of a collection deletes what is selected', async () => {
    for (const name of ['x', 'y']) await made(maps, configMap(name, { labels: { set: 'a' } }))
    await made(maps, configMap('z', { labels: { set: 'b' } }))
    const answer = await server.call('DELETE', `${maps}?labelSelector=set=a`)
    const list = JSON.parse(answer.text)
    expect(list.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['x', 'y'])
    expect((await server.call('GET', `${maps}/x`)).status).toBe(404)
    expect((await server.call('GET', `${maps}/z`)).status).toBe(200)
  })
})

describe('binding', () => {
  const binding = (name: string, target: object, metadata: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, ...metadata },
    target,
  })

  test('assigns a pod to a node, once', async () => {
    await made(pods, pod('bound'))
    const first = await server.call(
      'POST',
      `${pods}/bound/binding`,
      binding('bound', { kind: 'Node', name: 'n1' }, { annotations: { a: 'b' } }),
    )
    expect([first.status, JSON.parse(first.text).status]).toEqual([201, 'Success'])
    const now = JSON.parse((await server.call('GET', `${pods}/bound`)).text)
    expect(now.spec.nodeName).toBe('n1')
    expect(now.metadata.annotations).toEqual({ a: 'b' })
    expect(now.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
    const again = await server.call(
      'POST',
      '/api/v1/namespaces/default/bindings',
      binding('bound', { name: 'n2' }),
    )
    expect(JSON.parse(again.text)).toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"',
    })
  })

  test('refuses a target that is no node', async () => {
    await made(pods, pod('unbound'))
    const answer = await server.call('POST', `${pods}/unbound/binding`, binding('unbound', { kind: 'Tree' }))
    expect(JSON.parse(answer.text).message).toBe(
      '[target.kind: Unsupported value: "Tree": supported values: "Node", "<empty>", target.name: Required value]',
    )
    const none = await server.call('POST', `${pods}/none/binding`, binding('none', { name: 'n' }))
    expect(none.status).toBe(404)
  })
})

describe('eviction', () => {
  test('deletes the pod gracefully and says why', async () => {
    await made(pods, pod('evicted', { nodeName: 'n' }))
    const answer = await server.call('POST', `${pods}/evicted/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'evicted' },
      deleteOptions: { gracePeriodSeconds: 3 },
    })
    expect(answer.status).toBe(201)
    const now = JSON.parse((await server.call('GET', `${pods}/evicted`)).text)
    expect(now.metadata.deletionGracePeriodSeconds).toBe(3)
    expect(now.status.conditions).toMatchObject([
      { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
    ])
  })
})
