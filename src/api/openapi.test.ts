import { describe, expect, it } from 'vitest'
import { Reader } from '../apimachinery/codec/protobuf/reader.ts'
import { openApiResources } from '../apimachinery/openapi/openapi-resource.ts'
import { buildOpenApiV2, openApiV2Steps } from '../apimachinery/openapi/openapi-v2.ts'
import { buildOpenApiV3, byDocument, openApiV3Index } from '../apimachinery/openapi/openapi-v3.ts'
import { encodeOpenApiV2Protobuf } from '../apimachinery/openapi/v2-protobuf.ts'
import { resources } from './generated/resources.ts'
import { kinds } from './kinds.ts'
import { builtInSchemas } from './schemas.ts'

const described = openApiResources(kinds, resources)
const docs = {
  'io.k8s.api.apps.v1.Deployment': { description: 'Pods, rolled out.', fields: {} },
  'io.k8s.api.apps.v1.DeploymentSpec': { fields: { replicas: 'How many.' } },
  'io.k8s.api.apps.v1.DeploymentStrategy': { description: 'How to roll out. Two ways.', fields: {} },
}
const input = { resources: described, schemas: builtInSchemas, docs, version: 'v1.36.0' }
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

describe('buildOpenApiV2()', () => {
  const document = buildOpenApiV2(input)

  it('buildOpenApiV2() holds everything that it refers to', () => {
    const all = new Set(references(document))
    expect(all.size).toBeGreaterThan(500)
    expect([...all].filter((reference) => !resolves(document, reference))).toEqual([])
  })

  it('buildOpenApiV2() gives each operation an id of its own', () => {
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

  it('buildOpenApiV2() says what kubectl looks for in a patch', () => {
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

  it('buildOpenApiV2() describes types with their extensions and texts', () => {
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

  it('openApiV2Steps() takes many steps', () => {
    let steps = 0
    for (const _step of openApiV2Steps(input)) steps++
    expect(steps).toBeGreaterThan(500)
  })
})

describe('buildOpenApiV3()', () => {
  it.each([...byDocument(described).keys()])(
    'buildOpenApiV3() of %s holds everything that it refers to',
    (path) => {
      const document = buildOpenApiV3({ ...input, resources: byDocument(described).get(path) ?? [] })
      const all = new Set(references(document))
      expect([...all].filter((reference) => !resolves(document, reference))).toEqual([])
      expect(Object.keys(document.paths).every((key) => key.startsWith(`/${path}/`))).toBe(true)
    },
  )

  it('buildOpenApiV3() puts references with siblings into allOf, and shows defaults', () => {
    const { paths, components } = buildOpenApiV3({
      ...input,
      resources: byDocument(described).get('apis/apps/v1') ?? [],
    })
    expect(components.schemas['io.k8s.api.apps.v1.DeploymentSpec']).toMatchObject({
      properties: {
        strategy: {
          allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }],
          default: {},
          'x-kubernetes-patch-strategy': 'retainKeys',
        },
      },
    })
    expect(components.schemas['io.k8s.api.core.v1.ContainerPort']).toMatchObject({
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

describe('encodeOpenApiV2Protobuf()', () => {
  it('encodeOpenApiV2Protobuf() writes every path and definition', () => {
    const document = buildOpenApiV2(input)
    const counts = new Map<number, number>()
    const reader = new Reader(encodeOpenApiV2Protobuf(document))
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
