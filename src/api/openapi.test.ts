import { describe, expect, it } from 'vitest'
import { Reader } from '../apimachinery/codec/protobuf/reader.ts'
import { openApiResources } from '../apimachinery/openapi/openapi-resource.ts'
import type { OpenApiV2 } from '../apimachinery/openapi/openapi-v2.ts'
import { buildOpenApiV3, openApiV3Index } from '../apimachinery/openapi/openapi-v3.ts'
import { runSteps } from '../apimachinery/openapi/run-steps.ts'
import { byDocument, unitsOf } from '../apimachinery/openapi/units.ts'
import { OpenApiV2Document, type V2Encoding } from '../apimachinery/openapi/v2-document.ts'
import { openApiV2Json } from '../apimachinery/openapi/v2-json.ts'
import { openApiV2Protobuf } from '../apimachinery/openapi/v2-protobuf.ts'
import { resources } from './generated/resources.ts'
import { kinds } from './kinds.ts'
import { builtInSchemas } from './schemas.ts'

const described = openApiResources(kinds, resources)
const docs = {
  'io.k8s.api.apps.v1.Deployment': { description: 'Pods, rolled out.', fields: {} },
  'io.k8s.api.apps.v1.DeploymentSpec': { fields: { replicas: 'How many.' } },
  'io.k8s.api.apps.v1.DeploymentStrategy': { description: 'How to roll out. Two ways.', fields: {} },
}
const units = unitsOf(described, { schemas: builtInSchemas, cbor: false })
const documents = byDocument(units)
const common = { schemas: builtInSchemas, version: '1.36' }
const oldDocument = (encoding: V2Encoding) => new OpenApiV2Document(encoding, { ...common, docs: () => docs })
const oldJson = (document = oldDocument(openApiV2Json), described = units): OpenApiV2 =>
  JSON.parse(new TextDecoder().decode(runSteps(document.steps(described, []))))
const deployments = '/apis/apps/v1/namespaces/{namespace}/deployments'

function resolves(document: object, reference: string): boolean {
  let value: unknown = document
  for (const step of reference.replace('#/', '').split('/')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined
  }
  return value !== undefined
}

function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : references(member),
  )
}

describe('OpenApiV2Document', () => {
  const document = oldJson()

  it('OpenApiV2Document holds everything that it refers to', () => {
    const all = new Set(references(document))
    expect(all.size).toBeGreaterThan(500)
    expect([...all].filter((reference) => !resolves(document, reference))).toEqual([])
  })

  it('OpenApiV2Document gives each operation an id of its own', () => {
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => Reflect.get(Object(operation), 'operationId')),
    )
    const named = ids.filter((id) => id !== undefined)
    expect(new Set(named).size).toBe(named.length)
    expect(named).toContain('listAppsV1DeploymentForAllNamespaces')
    expect(named).toContain('deleteAppsV1CollectionNamespacedDeployment')
    expect(named).toContain('readAppsV1NamespacedDeploymentScale')
    expect(named).toContain('connectCoreV1GetNamespacedPodExec')
    expect(named).toContain('connectCoreV1DeleteNamespacedPodProxyWithPath')
    expect(named).toContain('patchRbacAuthorizationV1ClusterRole')
  })

  it('OpenApiV2Document says what kubectl looks for in a patch', () => {
    expect(document.paths[`${deployments}/{name}`]?.patch).toMatchObject({
      consumes: [
        'application/json-patch+json',
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
        'application/apply-patch+yaml',
      ],
      parameters: expect.arrayContaining([
        // Old kubectls follow no reference.
        expect.objectContaining({ in: 'query', name: 'dryRun' }),
        expect.objectContaining({ in: 'query', name: 'fieldValidation' }),
        { $ref: '#/parameters/force' },
      ]),
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
    })
  })

  it('OpenApiV2Document describes types with their extensions and texts', () => {
    const { definitions } = document
    expect(definitions['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      description: 'Pods, rolled out.',
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    })
    expect(definitions['io.k8s.api.apps.v1.DeploymentSpec']).toMatchObject({
      properties: {
        replicas: { type: 'integer', format: 'int32', description: 'How many.' },
        strategy: {
          $ref: '#/definitions/io.k8s.api.apps.v1.DeploymentStrategy',
          description: 'How to roll out.',
          'x-kubernetes-patch-strategy': 'retainKeys',
        },
      },
      required: ['selector', 'template'],
    })
    expect(definitions['io.k8s.api.core.v1.PodSpec']).toMatchObject({
      properties: {
        containers: {
          type: 'array',
          items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-patch-merge-key': 'name',
          'x-kubernetes-patch-strategy': 'merge',
        },
      },
    })
    expect(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toEqual({
      type: 'string',
      format: 'int-or-string',
    })
  })

  it('OpenApiV2Document says once what all operations of a path take, and what of discovery and watches there is', () => {
    const { paths } = document
    const names = (path: string) =>
      ((paths[path]?.parameters ?? []) as { name?: string; $ref?: string }[]).map(
        ({ name, $ref }) => name ?? $ref?.replace('#/parameters/', ''),
      )
    expect(names('/api/v1/namespaces/{namespace}/bindings')).toEqual([
      ...['dryRun', 'fieldManager', 'fieldValidation', 'namespace', 'pretty'],
    ])
    expect(names(`${deployments}/{name}`)).toEqual(['name', 'namespace', 'pretty'])
    expect(paths['/apis/apps/v1/watch/namespaces/{namespace}/deployments/{name}']?.get).toMatchObject({
      operationId: 'watchAppsV1NamespacedDeployment',
      'x-kubernetes-action': 'watch',
      responses: {
        '200': { schema: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent' } },
      },
    })
    expect(paths['/apis/apps/']?.get).toMatchObject({ operationId: 'getAppsAPIGroup', tags: ['apps'] })
    expect(paths['/api/v1/namespaces/{namespace}/pods/{name}']?.delete).toMatchObject({
      responses: { '202': { schema: { $ref: '#/definitions/io.k8s.api.core.v1.Pod' } } },
    })
  })

  it('OpenApiV2Document names the values that fields may have', () => {
    const properties = (type: string) => document.definitions[`io.k8s.api.core.v1.${type}`]?.properties
    expect(properties('Container')).toMatchObject({
      imagePullPolicy: { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'] },
    })
    expect(properties('TopologySpreadConstraint')).toMatchObject({
      whenUnsatisfiable: { enum: ['DoNotSchedule', 'ScheduleAnyway'] },
    })
    expect(properties('PersistentVolumeClaimSpec')).toMatchObject({
      accessModes: { items: { type: 'string', enum: expect.arrayContaining(['ReadWriteOnce']) } },
    })
  })

  it.each([
    ['JSON', () => openApiV2Json],
    ['protobuf', openApiV2Protobuf],
  ])(
    'OpenApiV2Document describes only what has come, and leaves out what has gone, in %s',
    (_name, makeEncoding) => {
      const encoding = makeEncoding()
      let encoded = 0
      const counting: V2Encoding = {
        ...encoding,
        member: (...member) => {
          encoded++
          return encoding.member(...member)
        },
      }
      const [first, ...others] = units.toReversed()
      if (first === undefined) throw new Error('no units')
      const growing = oldDocument(counting)
      runSteps(growing.steps(others, []))
      encoded = 0
      const anew = (parts: typeof units) => runSteps(oldDocument(makeEncoding()).steps(parts, []))
      // An assertion that looks at megabytes one by one takes a minute on a busy machine.
      expect(Buffer.compare(runSteps(growing.steps(units, [])), anew(units))).toBe(0)
      expect(encoded).toBeLessThan(40)
      encoded = 0
      expect(Buffer.compare(runSteps(growing.steps(others, [])), anew(others))).toBe(0)
      expect(encoded).toBe(0)
    },
  )

  it('OpenApiV2Document takes in what other servers describe', () => {
    const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
    const part = {
      paths: {
        '/apis/x.example.com/v1/': { get: { schema: { $ref: `#/definitions/${meta}Status` } } },
        '/apis/apps/v1/': { get: { description: 'not ours' } },
      },
      definitions: { [`${meta}Status`]: { type: 'string' }, 'com.example.New': { type: 'object' } },
      parameters: {},
    }
    const bytes = runSteps(oldDocument(openApiV2Json).steps(units, [part]))
    const merged: OpenApiV2 = JSON.parse(new TextDecoder().decode(bytes))
    expect(merged.paths['/apis/x.example.com/v1/']).toEqual({
      get: { schema: { $ref: `#/definitions/${meta}Status_v2` } },
    })
    expect(merged.paths['/apis/apps/v1/']).toEqual(document.paths['/apis/apps/v1/'])
    expect(merged.definitions).toEqual({
      ...document.definitions,
      [`${meta}Status_v2`]: { type: 'string' },
      'com.example.New': { type: 'object' },
    })
    expect(Object.keys(merged.paths)).toEqual(Object.keys(merged.paths).toSorted())
  })

  it('OpenApiV2Document takes many steps', () => {
    let steps = 0
    for (const _step of oldDocument(openApiV2Json).steps(units, [])) steps++
    expect(steps).toBeGreaterThan(500)
  })
})

describe('buildOpenApiV3()', () => {
  it.each([...documents.keys()])('buildOpenApiV3() of %s holds everything that it refers to', (path) => {
    const document = buildOpenApiV3({ ...common, docs, units: documents.get(path) ?? [] })
    const all = new Set(references(document))
    expect([...all].filter((reference) => !resolves(document, reference))).toEqual([])
    expect(Object.keys(document.paths).every((key) => key.startsWith(`/${path}/`))).toBe(true)
  })

  it('buildOpenApiV3() puts references with siblings into allOf, and shows defaults', () => {
    const { paths, components } = buildOpenApiV3({
      ...common,
      docs,
      units: documents.get('apis/apps/v1') ?? [],
    })
    expect(components.schemas?.['io.k8s.api.apps.v1.DeploymentSpec']).toMatchObject({
      properties: {
        strategy: {
          allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }],
          default: {},
          'x-kubernetes-patch-strategy': 'retainKeys',
        },
      },
    })
    expect(components.schemas?.['io.k8s.api.core.v1.ContainerPort']).toMatchObject({
      properties: { protocol: { type: 'string', default: 'TCP' }, containerPort: { default: 0 } },
    })
    expect(paths[`${deployments}/{name}`]?.patch).toMatchObject({
      parameters: expect.arrayContaining([
        expect.objectContaining({
          name: 'fieldValidation',
          in: 'query',
          schema: { type: 'string', uniqueItems: true },
        }),
      ]),
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
    })
  })

  it('openApiV3Index() says where documents are, with their hashes', () => {
    expect(
      openApiV3Index(
        new Map([
          ['apis/apps/v1', 'AB'],
          ['api/v1', 'CD'],
        ]),
      ),
    ).toEqual({
      paths: {
        'api/v1': { serverRelativeURL: '/openapi/v3/api/v1?hash=CD' },
        'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=AB' },
      },
    })
  })
})

describe('openApiV2Protobuf()', () => {
  it('openApiV2Protobuf() writes every path and definition', () => {
    const document = oldJson()
    const counts = new Map<number, number>()
    const reader = new Reader(runSteps(oldDocument(openApiV2Protobuf()).steps(units, [])))
    while (!reader.done) {
      const { field } = reader.key()
      const entries = reader.message()
      let count = 0
      if (field === 8 || field === 9) {
        for (; !entries.done; count++) entries.skip(entries.key().wireType)
      }
      counts.set(field, count)
    }
    expect([...counts.keys()]).toEqual([1, 2, 8, 9, 10, 12, 13])
    expect(counts.get(8)).toBe(Object.keys(document.paths).length)
    expect(counts.get(9)).toBe(Object.keys(document.definitions).length)
  })
})
