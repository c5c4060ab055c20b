import {
  type Definition,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { CustomTypes } from '../../apimachinery/openapi/custom-types.ts'
import type { ServedResource } from '../discovery/served-resource.ts'
import { servedKinds } from './custom-kind.ts'

const partVerbs = ['get', 'patch', 'update']

/** Gives the definition as it is now. */
export type ReadDefinition = () => Definition | undefined

function customTypes(definition: Definition, version: string, read: ReadDefinition): CustomTypes {
  const { uid = '', generation = 0, name = '' } = definition.metadata ?? {}
  const { kind = '', listKind = `${kind}List` } = definition.status?.acceptedNames ?? {}
  return {
    revision: `${name} ${uid} ${generation}`,
    listKind,
    schema: () => {
      const now = read()
      return now === undefined ? undefined : versionOf(now, version)?.schema?.openAPIV3Schema
    },
    selectableFields: (versionOf(definition, version)?.selectableFields ?? []).map(({ jsonPath }) =>
      jsonPath.replace(/^\./, ''),
    ),
  }
}

function served(definition: Definition, kind: KindDeclaration, read: ReadDefinition): ServedResource {
  const { group, version, subresources } = kind
  const status = { name: 'status', group, version, kind: kind.kind, verbs: partVerbs }
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: partVerbs }
  return {
    kind,
    custom: customTypes(definition, kind.version, read),
    subresources: [
      ...(subresources.status === undefined ? [] : [status]),
      ...(subresources.scale === undefined ? [] : [scale]),
    ],
  }
}

/** A definition's resources as clients may discover them; of its schemas nothing is kept. */
export const servedResourcesOf = (definition: Definition, read: ReadDefinition): readonly ServedResource[] =>
  servedKinds(definition).map((kind) => served(definition, kind, read))
