import { builtInTypes, type MediaTypes } from './media-types.ts'
import type { OpenApiResource } from './openapi-resource.ts'
import { capital, groupId, type PathEntry, pathEntry, tagOf } from './operation.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

interface Asked {
  readonly path: string
  readonly tag: string
  readonly operationId: string
  readonly description: string
  /** '' for text. */
  readonly type: string
  readonly consumes?: readonly string[]
  readonly produces?: readonly string[]
}

function answered(asked: Asked): PathEntry {
  const { path, tag, operationId, description, type } = asked
  const { consumes = builtInTypes, produces = builtInTypes } = asked
  const operation = { method: 'get', operationId, description, query: [], answers: { '200': type } }
  return pathEntry({ path, tag, parameters: [], operations: [{ ...operation, consumes, produces }] })
}

/** A document of OpenAPI 3 and its paths. */
export type DocumentPaths = readonly [document: string, entry: PathEntry]

const alone: readonly DocumentPaths[] = [
  [
    'apis',
    answered({
      path: '/apis/',
      tag: 'apis',
      operationId: 'getAPIVersions',
      description: 'get available API versions',
      type: `${meta}APIGroupList`,
    }),
  ],
  [
    'version',
    answered({
      path: '/version/',
      tag: 'version',
      operationId: 'getCodeVersion',
      description: 'get the version information for this server',
      type: 'io.k8s.apimachinery.pkg.version.Info',
      consumes: ['application/json'],
      produces: ['application/json'],
    }),
  ],
  [
    '.well-known/openid-configuration',
    answered({
      path: '/.well-known/openid-configuration/',
      tag: 'WellKnown',
      operationId: 'getServiceAccountIssuerOpenIDConfiguration',
      description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      type: '',
      consumes: [],
      produces: ['application/json'],
    }),
  ],
  [
    'openid/v1/jwks',
    answered({
      path: '/openid/v1/jwks/',
      tag: 'openid',
      operationId: 'getServiceAccountIssuerOpenIDKeyset',
      description:
        'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
      type: '',
      consumes: [],
      produces: ['application/jwk-set+json'],
    }),
  ],
]

function groupPaths(group: string): DocumentPaths {
  const isCore = group === ''
  const document = isCore ? 'api' : `apis/${group}`
  return [
    document,
    answered({
      path: `/${document}/`,
      tag: tagOf(group),
      operationId: isCore ? 'getCoreAPIVersions' : `get${groupId(group)}APIGroup`,
      description: isCore ? 'get available API versions' : 'get information of a group',
      type: `${meta}${isCore ? 'APIVersions' : 'APIGroup'}`,
    }),
  ]
}

function versionPaths(group: string, version: string, { object }: MediaTypes): DocumentPaths {
  const document = group === '' ? `api/${version}` : `apis/${group}/${version}`
  return [
    document,
    answered({
      path: `/${document}/`,
      tag: tagOf(group, version),
      operationId: `get${groupId(group)}${capital(version)}APIResources`,
      description: 'get available resources',
      type: `${meta}APIResourceList`,
      consumes: object,
      produces: object,
    }),
  ]
}

/** Where discovery and what else tells of the server is; of custom resources' groups nothing is said, as upstream. */
export function discoveryPaths(
  resources: readonly OpenApiResource[],
  types: MediaTypes,
): readonly DocumentPaths[] {
  const builtIn = resources.filter(({ custom }) => custom === undefined)
  const groups = new Set(builtIn.map(({ group }) => group))
  const versions = new Map(builtIn.map(({ group, version }) => [`${group}/${version}`, [group, version]]))
  return [
    ...alone,
    ...[...groups].map(groupPaths),
    ...[...versions.values()].map(([group = '', version = '']) => versionPaths(group, version, types)),
  ]
}
