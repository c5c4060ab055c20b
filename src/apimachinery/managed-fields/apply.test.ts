import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../meta.ts'
import type { Schema } from '../schema.ts'
import { StatusError } from '../status-error.ts'
import { applyServerSide } from './apply.ts'
import { updateManagedFields } from './update.ts'
import { oneVersion } from './versions.ts'

const port: Schema = {
  properties: { containerPort: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, name: {} },
}
const container: Schema = {
  properties: {
    name: {},
    image: {},
    ports: { type: 'array', listType: 'map', listMapKeys: ['containerPort', 'protocol'], items: port },
    args: { type: 'array', items: {} },
  },
}
const schema: Schema = {
  properties: {
    apiVersion: {},
    kind: {},
    metadata: {
      properties: {
        name: {},
        labels: { additionalProperties: {} },
        annotations: { additionalProperties: {} },
        finalizers: { type: 'array', listType: 'set', items: {} },
      },
    },
    spec: {
      properties: {
        replicas: { type: 'integer' },
        selector: { mapType: 'atomic', properties: { matchLabels: {} } },
        containers: { type: 'array', listType: 'map', listMapKeys: ['name'], items: container },
      },
    },
    status: { properties: { ready: {} } },
  },
}

type Spec = { readonly spec?: unknown; readonly status?: unknown; readonly metadata?: object }
const web = ({ metadata, ...rest }: Spec): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Thing',
  metadata: { name: 'web', ...metadata },
  ...rest,
})
const by = (manager: string, extra: { force?: boolean; time?: string } = {}) => ({
  manager,
  apiVersion: 'apps/v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  schema,
  empty: { metadata: {} },
  versions: oneVersion('apps/v1', schema),
  force: false,
  ...extra,
})
const fieldsOf = (object: KubernetesObject, manager: string): unknown =>
  object.metadata?.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1
const plain = (object: KubernetesObject): unknown => {
  const { managedFields: _m, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}
const failure = (act: () => unknown): StatusError => {
  try {
    act()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('updateManagedFields()', () => {
  test('gives a creator all fields but the machinery’s', () => {
    const created = updateManagedFields(
      undefined,
      web({
        metadata: { labels: { a: '1' } },
        spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
      }),
      by('curl'),
    )
    expect(fieldsOf(created, 'curl')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
      'f:spec': {
        '.': {},
        'f:containers': {
          '.': {},
          'k:{"name":"c"}': {
            '.': {},
            'f:name': {},
            'f:image': {},
            'f:ports': {
              '.': {},
              'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
            },
          },
        },
      },
    })
  })

  test('moves changed fields to the writer and forgets removed ones', () => {
    const created = updateManagedFields(
      undefined,
      web({ spec: { replicas: 1, containers: [{ name: 'c', image: 'i' }] } }),
      by('a'),
    )
    const updated = updateManagedFields(created, { ...created, ...web({ spec: { replicas: 2 } }) }, by('b'))
    expect(fieldsOf(updated, 'a')).toEqual({ 'f:spec': {} })
    expect(fieldsOf(updated, 'b')).toEqual({ 'f:spec': { 'f:replicas': {} } })
  })

  test('leaves entries and their times alone when nothing changes', () => {
    const created = updateManagedFields(undefined, web({ spec: { replicas: 1 } }), by('a'))
    expect(updateManagedFields(created, created, by('b', { time: '2027-01-01T00:00:00Z' }))).toEqual(created)
  })

  test('is reset by an empty list', () => {
    const created = updateManagedFields(undefined, web({ spec: { replicas: 1 } }), by('a'))
    const reset = updateManagedFields(
      created,
      web({ metadata: { managedFields: [] }, spec: { replicas: 1 } }),
      by('b'),
    )
    expect(reset.metadata?.managedFields).toBeUndefined()
  })

  test('joins the oldest updaters when there are more than ten', () => {
    let object = updateManagedFields(undefined, web({ metadata: { labels: { l: 'x' } } }), by('m00'))
    for (let n = 1; n < 15; n++) {
      const labels = { ...object.metadata?.labels, [`l${n}`]: 'x' }
      const [manager, time] = [
        `m${String(n).padStart(2, '0')}`,
        `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`,
      ]
      object = updateManagedFields(
        object,
        { ...object, metadata: { ...object.metadata, labels } },
        by(manager, { time }),
      )
    }
    const managers = object.metadata?.managedFields?.map((entry) => entry.manager)
    expect(managers).toEqual([
      'ancient-changes',
      'm06',
      'm07',
      'm08',
      'm09',
      'm10',
      'm11',
      'm12',
      'm13',
      'm14',
    ])
  })
})

describe('applyServerSide()', () => {
  test('creates, owning what it says', () => {
    const created = applyServerSide(
      undefined,
      web({ metadata: { labels: { a: '1' } }, spec: { replicas: 1 } }),
      by('one'),
    )
    expect(plain(created)).toEqual(web({ metadata: { labels: { a: '1' } }, spec: { replicas: 1 } }))
    expect(fieldsOf(created, 'one')).toEqual({
      'f:metadata': { 'f:labels': { 'f:a': {} } },
      'f:spec': { 'f:replicas': {} },
    })
  })

  test('removes what its last application had and this one has not', () => {
    const first = applyServerSide(undefined, web({ metadata: { labels: { a: '1', b: '2' } } }), by('one'))
    const second = applyServerSide(first, web({ metadata: { labels: { a: '1' } } }), by('one'))
    expect(second.metadata?.labels).toEqual({ a: '1' })
  })

  test('keeps what another manager owns too', () => {
    const first = applyServerSide(undefined, web({ metadata: { labels: { a: '1', b: '2' } } }), by('one'))
    const shared = applyServerSide(first, web({ metadata: { labels: { b: '2' } } }), by('two'))
    const third = applyServerSide(shared, web({ metadata: { labels: { a: '1' } } }), by('one'))
    expect(third.metadata?.labels).toEqual({ a: '1', b: '2' })
    expect(fieldsOf(third, 'one')).toEqual({ 'f:metadata': { 'f:labels': { 'f:a': {} } } })
  })

  test('merges lists by key and keeps items of others', () => {
    const first = applyServerSide(
      undefined,
      web({ spec: { containers: [{ name: 'a', image: '1' }] } }),
      by('one'),
    )
    const second = applyServerSide(
      first,
      web({ spec: { containers: [{ name: 'side', image: 's' }] } }),
      by('two'),
    )
    const third = applyServerSide(
      second,
      web({ spec: { containers: [{ name: 'a', image: '2' }] } }),
      by('one'),
    )
    expect((third as Spec).spec).toEqual({
      containers: [
        { name: 'a', image: '2' },
        { name: 'side', image: 's' },
      ],
    })
  })

  test('conflicts in upstream’s words, with causes', () => {
    const live = updateManagedFields(undefined, web({ spec: { replicas: 1 } }), by('kubectl-edit'))
    const one = failure(() => applyServerSide(live, web({ spec: { replicas: 2 } }), by('one')))
    expect(one.code).toBe(409)
    expect(one.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
    )
    expect(one.status.details?.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-edit" using apps/v1',
        field: '.spec.replicas',
      },
    ])
  })

  test('takes over by force', () => {
    const first = applyServerSide(
      undefined,
      web({ spec: { containers: [{ name: 'a', image: '1' }] } }),
      by('one'),
    )
    const conflict = failure(() =>
      applyServerSide(first, web({ spec: { containers: [{ name: 'a', image: '2' }] } }), by('two')),
    )
    expect(conflict.message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.containers[name="a"].image',
    )
    const forced = applyServerSide(
      first,
      web({ spec: { containers: [{ name: 'a', image: '2' }] } }),
      by('two', { force: true }),
    )
    expect(fieldsOf(forced, 'one')).toEqual({
      'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
    })
    const third = applyServerSide(forced, web({ spec: {} }), by('two'))
    expect((third as Spec).spec).toEqual({ containers: [{ name: 'a' }] })
  })

  test('shares a value that both say', () => {
    const first = applyServerSide(undefined, web({ spec: { replicas: 3 } }), by('one'))
    const second = applyServerSide(first, web({ spec: { replicas: 3 } }), by('two'))
    expect(fieldsOf(second, 'one')).toEqual(fieldsOf(second, 'two'))
  })

  test('treats atomic maps and lists as one field', () => {
    const first = applyServerSide(
      undefined,
      web({ spec: { selector: { matchLabels: { a: '1' } } } }),
      by('one'),
    )
    expect(fieldsOf(first, 'one')).toEqual({ 'f:spec': { 'f:selector': {} } })
    const second = applyServerSide(
      first,
      web({ spec: { selector: { matchLabels: { b: '1' } } } }),
      by('two', { force: true }),
    )
    expect((second as Spec).spec).toEqual({ selector: { matchLabels: { b: '1' } } })
  })

  test('takes over silently what kubectl applied on the client’s side', () => {
    const config = web({ spec: { replicas: 1 } })
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) }
    const live = updateManagedFields(
      undefined,
      web({ metadata: { annotations }, spec: { replicas: 1 } }),
      by('kubectl-client-side-apply'),
    )
    const applied = applyServerSide(live, web({ spec: { replicas: 2 } }), by('kubectl'))
    expect((applied as Spec).spec).toEqual({ replicas: 2 })
    expect(applied.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toContain(
      '"replicas":2',
    )
  })

  test('starts managers for an object that has none', () => {
    const applied = applyServerSide(
      web({ spec: { replicas: 1 } }),
      web({ metadata: { labels: { a: '1' } } }),
      by('one'),
    )
    expect(fieldsOf(applied, 'before-first-apply')).toEqual({ 'f:spec': { '.': {}, 'f:replicas': {} } })
  })

  test('changes nothing, not even times, when applied again', () => {
    const first = applyServerSide(undefined, web({ spec: { replicas: 1 } }), by('one'))
    expect(
      applyServerSide(first, web({ spec: { replicas: 1 } }), by('one', { time: '2030-01-01T00:00:00Z' })),
    ).toEqual(first)
  })

  test('refuses duplicate keys', () => {
    expect(() =>
      applyServerSide(
        web({ spec: { containers: [{ name: 'a' }] } }),
        web({ spec: { containers: [{ name: 'b' }, { name: 'b' }] } }),
        by('one'),
      ),
    ).toThrow(/duplicate entries for key/)
  })
})
