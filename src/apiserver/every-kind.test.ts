import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { featureGates } from '../api/feature-gates.ts'
import { protobufPacks } from '../api/generated/protobuf.ts'
import { kinds } from '../api/kinds.ts'
import { builtInSchemas } from '../api/schemas.ts'
import { fullObject } from '../api/testing/full-object.ts'
import { minimalNames, minimalObjects } from '../api/testing/minimal-objects.ts'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import { ObjectDecoder } from '../apimachinery/codec/decode-object.ts'
import { ProtobufCodec, protobufMediaType } from '../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, ObjectMeta } from '../apimachinery/meta.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const codec = new ProtobufCodec(protobufPacks, builtInSchemas)
const decoder = new ObjectDecoder(builtInSchemas, new Conformer(builtInSchemas))
const features = featureGates(
  new Map([
    ['AllAlpha', true],
    ['AllBeta', true],
  ]),
)
const stored = kinds.filter(({ verbs }) => verbs.includes('create') && verbs.includes('get'))
/** Nobody here ends what a deletion waits for: pods stop at once, and nothing is left to clean up. */
function atOnce(kind: KindDeclaration): KindDeclaration {
  const { gracefulDeletion, terminating: _terminating, ...rest } = kind
  const graceful = { gracefulDeletion: () => ({ gracePeriodSeconds: 0 }) }
  return { ...rest, ...(gracefulDeletion === undefined ? {} : graceful), finalized: () => true }
}

/** As they are but for validation: texts that say their field's name are valid nowhere. */
const lax = kinds.map((kind): KindDeclaration => {
  const { nameComplaints: _own, ...rest } = atOnce(kind)
  return { ...rest, validate: () => [] }
})

const apiVersionOf = ({ group, version }: KindDeclaration): string =>
  group === '' ? version : `${group}/${version}`

function collectionOf(kind: KindDeclaration): string {
  const root = kind.group === '' ? '/api' : '/apis'
  return `${root}/${apiVersionOf(kind)}${kind.namespaced ? '/namespaces/default' : ''}/${kind.resource}`
}

const nameOf = (kind: KindDeclaration): string => minimalNames[kind.kind] ?? 'a'

function minimalOf(kind: KindDeclaration): KubernetesObject {
  const needs = minimalObjects[`${kind.group} ${kind.kind}`] ?? minimalObjects[kind.kind] ?? {}
  return { metadata: { name: nameOf(kind) }, ...needs }
}

/** Everything that a user may say of it. */
function fullOf(kind: KindDeclaration): KubernetesObject {
  const schema = builtInSchemas.get(kind.schema)
  const full = schema === undefined ? {} : fullObject(schema)
  const rest = typeof full === 'object' && full !== null ? full : {}
  const labels = { 'label-key': 'label-value' }
  return { ...rest, metadata: { name: nameOf(kind), labels, annotations: { note: 'ä' } } }
}

type Json = Readonly<Record<string, unknown>>

class Walk {
  readonly #server: TestServer
  readonly #kind: KindDeclaration
  readonly #path: string
  readonly #item: string

  constructor(server: TestServer, kind: KindDeclaration) {
    this.#server = server
    this.#kind = kind
    this.#path = collectionOf(kind)
    this.#item = `${this.#path}/${nameOf(kind)}`
  }

  async #call(method: string, path: string, status: number, body?: unknown, type?: string): Promise<Json> {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await this.#server.call(method, path, body, headers)
    expect(answer.status, answer.text.slice(0, 500)).toBe(status)
    return JSON.parse(answer.text)
  }

  /** Created, read back, updated, patched in four ways, watched, shown as a table and as protobuf, written in all media types, deleted. */
  async run(object: KubernetesObject): Promise<Json> {
    const apiVersion = apiVersionOf(this.#kind)
    const list = await this.#call('GET', this.#path, 200)
    const { resourceVersion } = list['metadata'] as { resourceVersion: string }
    const lines = await this.#server.watch(`${this.#path}?watch=true&resourceVersion=${resourceVersion}`)
    const created = await this.#call('POST', this.#path, 201, {
      ...object,
      apiVersion,
      kind: this.#kind.kind,
    })
    expect(await this.#call('GET', this.#item, 200)).toEqual(created)
    await this.#change(created)
    await this.#show()
    await this.#writeAsRead()
    await this.#call('DELETE', `${this.#item}?propagationPolicy=Background`, 200)
    expect((await this.#server.call('GET', this.#item)).status).toBe(404)
    const events = await lines.until(7)
    lines.stop()
    expect(events.map(({ type }) => type)).toEqual([
      'ADDED',
      ...Array.from({ length: 5 }, () => 'MODIFIED'),
      'DELETED',
    ])
    expect(events[0]?.object).toEqual(created)
    return created
  }

  async #change(created: Json): Promise<void> {
    const metadata = created['metadata'] as Json
    const labelled = { ...created, metadata: { ...metadata, labels: { put: 'x' } } }
    await this.#call('PUT', this.#item, 200, labelled)
    const add = [{ op: 'add', path: '/metadata/labels/json', value: 'x' }]
    await this.#call('PATCH', this.#item, 200, add, 'application/json-patch+json')
    for (const way of ['merge', 'strategic-merge']) {
      const patch = { metadata: { labels: { [way]: 'x' } } }
      await this.#call('PATCH', this.#item, 200, patch, `application/${way}-patch+json`)
    }
    const applied = {
      apiVersion: apiVersionOf(this.#kind),
      kind: this.#kind.kind,
      metadata: { name: nameOf(this.#kind), labels: { apply: 'x' } },
    }
    const path = `${this.#item}?fieldManager=test`
    const last = await this.#call('PATCH', path, 200, applied, 'application/apply-patch+yaml')
    expect(last['metadata']).toMatchObject({
      labels: { put: 'x', json: 'x', merge: 'x', 'strategic-merge': 'x', apply: 'x' },
    })
  }

  /** What was read in any form and is written back in it changes nothing. */
  async #writeAsRead(): Promise<void> {
    for (const type of [protobufMediaType, 'application/yaml', 'application/cbor']) {
      const read = await this.#server.call('GET', this.#item, undefined, { accept: type })
      const before = await this.#call('GET', this.#item, 200)
      if (type === protobufMediaType && hasEmbeddedTypes(before)) continue
      expect(await this.#call('PUT', this.#item, 200, read.bytes, type)).toEqual(before)
    }
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
    const partial = JSON.parse((await this.#server.call('GET', this.#item, undefined, { accept })).text)
    const all = (await this.#call('GET', this.#item, 200))['metadata'] as ObjectMeta
    const metadata = this.#kind.partialMetadata?.(all) ?? all
    expect(partial).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })
  }

  async #show(): Promise<void> {
    const json = await this.#call('GET', this.#item, 200)
    const protobuf = await this.#server.call('GET', this.#item, undefined, { accept: protobufMediaType })
    const schema = builtInSchemas.get(this.#kind.schema)
    const decoded = decoder.decode(protobuf.bytes, (bytes) => codec.parseBody(bytes, this.#kind), {
      expected: this.#kind,
      schema,
      fieldValidation: 'Strict',
    })
    expect(
      decoder.accept(decoded.object, { expected: this.#kind, schema, fieldValidation: 'Strict' }).object,
    ).toEqual(
      decoder.accept(withoutEmbeddedTypes(json), { expected: this.#kind, schema, fieldValidation: 'Strict' })
        .object,
    )
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
    const table = JSON.parse((await this.#server.call('GET', this.#item, undefined, { accept })).text)
    const all = this.#kind.columns
    const names = all.filter(({ undefinedCell }) => undefinedCell !== true).map(({ name }) => name)
    const columns = table.columnDefinitions.map(({ name }: { name: string }) => name)
    expect(columns).toEqual(names.length === 0 ? ['Name', 'Created At'] : names)
    expect(table.rows).toHaveLength(1)
    expect(table.rows[0].cells).toHaveLength(all.length === 0 ? columns.length : all.length)
    expect(table.rows[0].cells[columns.indexOf('Name')]).toBe(nameOf(this.#kind))
  }
}

const hasEmbeddedTypes = (object: Json): boolean =>
  (object['spec'] as Json | undefined)?.['volumeClaimTemplates'] !== undefined

/** Protobuf has no place for the kind of an object within another. */
function withoutEmbeddedTypes(object: Json): Json {
  const spec = object['spec'] as Json | undefined
  const templates = spec?.['volumeClaimTemplates']
  if (!Array.isArray(templates)) return object
  const bare = templates.map(({ apiVersion: _version, kind: _kind, ...rest }: Json) => rest)
  return { ...object, spec: { ...spec, volumeClaimTemplates: bare } }
}

describe.each(stored.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))(
  '%s',
  (_name, kind) => {
    let strict: TestServer
    let open: TestServer
    const own = (list: readonly KindDeclaration[]): readonly KindDeclaration[] =>
      list.filter((each) => each.storagePrefix === kind.storagePrefix && each.verbs.includes('get'))
    beforeAll(async () => {
      strict = await startTestServer({
        kinds: own(kinds).map(atOnce),
        features,
      })
      open = await startTestServer({ kinds: own(lax), features })
    })
    afterAll(async () => {
      await strict.close()
      await open.close()
    })

    it('goes all ways with what it needs at least', async () => {
      await new Walk(strict, kind).run(minimalOf(kind))
    })

    it('goes all ways with everything that it can have', async () => {
      await new Walk(open, kind).run(fullOf(kind))
    })
  },
)
