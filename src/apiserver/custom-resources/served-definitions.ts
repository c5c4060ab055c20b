import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { ServedResource } from '../discovery/served-resource.ts'
import { servedKinds } from './custom-kind.ts'

const partVerbs = ['get', 'patch', 'update']

function served(kind: KindDeclaration): ServedResource {
  const { group, version, subresources } = kind
  const status = { name: 'status', group, version, kind: kind.kind, verbs: partVerbs }
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: partVerbs }
  return {
    kind,
    subresources: [
      ...(subresources.status === undefined ? [] : [status]),
      ...(subresources.scale === undefined ? [] : [scale]),
    ],
  }
}

/** A definition's resources as clients may discover them. */
export const servedResourcesOf = (definition: Definition): readonly ServedResource[] =>
  servedKinds(definition).map(served)
