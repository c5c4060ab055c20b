import {
  type Definition,
  type DefinitionVersion,
  isTrue,
  storageVersionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { defineKind, type KindDeclaration, type Verb } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'

/** In upstream's order, which discovery shows. */
const verbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
const terminatingVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch']

/** A path as the scale machinery has it, without the leading dot. */
const withoutDot = (path: string): string => (path.startsWith('.') ? path.slice(1) : path)

/** One version of a definition as discovery and controllers see it; it keeps nothing of the schema alive. */
export function customKind(
  definition: Definition,
  version: DefinitionVersion,
  hooks: Partial<KindDeclaration> = {},
): KindDeclaration {
  const { group, scope } = definition.spec
  const {
    plural = '',
    singular = '',
    kind = '',
    shortNames,
    categories,
  } = definition.status?.acceptedNames ?? {}
  const { status, scale } = version.subresources ?? {}
  const storage = storageVersionOf(definition)?.name ?? version.name
  const relabel =
    (to: string) =>
    (object: KubernetesObject): KubernetesObject => ({ ...object, apiVersion: `${group}/${to}` })
  return defineKind({
    group,
    version: version.name,
    kind,
    resource: plural,
    singular,
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    namespaced: scope === 'Namespaced',
    schema: '',
    storagePrefix: `${group}/${plural}`,
    verbs: isTrue(definition, 'Terminating') ? terminatingVerbs : verbs,
    hasGeneration: true,
    looseFinalizers: true,
    allowUnconditionalUpdate: false,
    ...(storage === version.name
      ? {}
      : {
          stored: {
            version: { group, version: storage, kind },
            toStored: relabel(storage),
            fromStored: relabel(version.name),
          },
        }),
    subresources: {
      ...(status === undefined ? {} : { status: {} }),
      ...(scale === undefined
        ? {}
        : {
            scale: {
              specReplicas: withoutDot(scale.specReplicasPath),
              statusReplicas: withoutDot(scale.statusReplicasPath),
              ...(scale.labelSelectorPath === undefined
                ? {}
                : { selector: withoutDot(scale.labelSelectorPath) }),
            },
          }),
    },
    ...hooks,
  })
}

/** The versions that clients see, storage and other unserved versions aside. */
export function servedKinds(definition: Definition): readonly KindDeclaration[] {
  if (!isTrue(definition, 'Established')) return []
  return definition.spec.versions
    .filter(({ served }) => served)
    .map((version) => customKind(definition, version))
}
