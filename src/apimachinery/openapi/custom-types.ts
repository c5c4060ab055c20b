import type { JsonSchema } from '../structural/json-schema.ts'
import { type OpenApiContext, openApiDefinition } from '../structural/openapi-schema.ts'
import type { FieldDocs } from './field-docs.ts'
import type { CustomDefinitions, Dialect, JsonMembers, SchemaObjects } from './schema-object.ts'

/** A custom resource in documents: it brings its own types along. */
export interface CustomTypes {
  /** Another one wherever the types may have changed: documents are hashed by it. */
  readonly revision: string
  readonly listKind: string
  /** Its schema, read when a document is made; undefined where nothing is known of it. */
  readonly schema: () => JsonSchema | undefined
  /** `x-kubernetes-selectable-fields`: paths without a leading dot. */
  readonly selectableFields: readonly string[]
}

interface CustomKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
}

/** The name of a custom resource's type: `com.example.stable.v1.CronTab`. */
export const customTypeName = ({ group, version, kind }: Omit<CustomKind, 'resource'>): string =>
  [...group.split('.').reverse(), version, kind].join('.')

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
/** Any kind of ours: what it says of these fields holds for all. */
const someType = 'io.k8s.api.core.v1.ConfigMap'

function reference(objects: SchemaObjects, dialect: Dialect, type: string, description: string): JsonMembers {
  const target = objects.reference(`${meta}${type}`)
  return dialect === 'v2' ? { ...target, description } : { allOf: [target], description }
}

const kindExtension = (kind: CustomKind, name: string): JsonMembers => ({
  'x-kubernetes-group-version-kind': [{ group: kind.group, kind: name, version: kind.version }],
})

const selectable = ({ selectableFields }: CustomTypes): JsonMembers =>
  selectableFields.length === 0
    ? {}
    : { 'x-kubernetes-selectable-fields': selectableFields.map((fieldPath) => ({ fieldPath })) }

function contextOf(objects: SchemaObjects, dialect: Dialect, docs: FieldDocs): OpenApiContext {
  const fields = docs[someType]?.fields
  return {
    dialect,
    metadata: () =>
      reference(
        objects,
        dialect,
        'ObjectMeta',
        `Standard object's metadata. More info: ${conventions}#metadata`,
      ),
    apiVersionText:
      fields?.apiVersion ??
      `APIVersion defines the versioned schema of this representation of an object. More info: ${conventions}#resources`,
    kindText:
      fields?.kind ??
      `Kind is a string value representing the REST resource this object represents. More info: ${conventions}#types-kinds`,
  }
}

/** The two types of a custom resource, by name: its own and its list's. */
export function customDefinitions(kind: CustomKind, types: CustomTypes): CustomDefinitions {
  const own = customTypeName(kind)
  const listName = customTypeName({ ...kind, kind: types.listKind })
  return new Map([
    [
      own,
      (objects: SchemaObjects, dialect: Dialect, docs: FieldDocs): JsonMembers => ({
        ...openApiDefinition(types.schema(), contextOf(objects, dialect, docs)),
        ...kindExtension(kind, kind.kind),
        ...selectable(types),
      }),
    ],
    [
      listName,
      (objects: SchemaObjects, dialect: Dialect, docs: FieldDocs): JsonMembers => {
        const { apiVersionText, kindText } = contextOf(objects, dialect, docs)
        const text = `List of ${kind.resource}. More info: ${conventions}`
        return {
          description: `${types.listKind} is a list of ${kind.kind}`,
          type: 'object',
          required: ['items'],
          properties: {
            apiVersion: { description: apiVersionText, type: 'string' },
            items: { description: text, type: 'array', items: objects.reference(own) },
            kind: { description: kindText, type: 'string' },
            metadata: reference(
              objects,
              dialect,
              'ListMeta',
              `Standard list metadata. More info: ${conventions}#types-kinds`,
            ),
          },
          ...kindExtension(kind, types.listKind),
          ...selectable(types),
        }
      },
    ],
  ])
}
