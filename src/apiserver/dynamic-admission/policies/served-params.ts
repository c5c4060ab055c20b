import type { admissionregistration } from '../../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { LabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import { apiVersionOf } from '../../cache/layout.ts'
import type { ServedRegistry } from '../../discovery/served-registry.ts'
import type { ObjectReader } from '../../object-reader.ts'
import type { Resource } from '../../rest/resource.ts'
import type { DynamicResources } from '../../rest/rest-api.ts'
import type { ParamKinds, ParamResource } from './params.ts'

export interface ServedParamsOptions {
  /** All built-in kinds that are served. */
  readonly kinds: readonly KindDeclaration[]
  /** Knows the custom ones. */
  readonly served: ServedRegistry
  readonly reader: ObjectReader
  /** Asked when the server runs; undefined where there are no custom resources. */
  readonly custom: () => DynamicResources | undefined
}

function builtIn(kind: KindDeclaration, reader: ObjectReader): ParamResource {
  const shown = (object: KubernetesObject): KubernetesObject => kind.stored?.fromStored(object) ?? object
  return {
    namespaced: kind.namespaced,
    get: (namespace, name) => {
      const object = reader.get(kind, namespace, name)
      return object === undefined ? undefined : shown(object)
    },
    list: (namespace, matcher) =>
      reader
        .list(kind, kind.namespaced ? namespace : undefined)
        .filter(({ metadata }) => matcher.matches(metadata?.labels))
        .map(shown),
  }
}

function ofResource(resource: Resource): ParamResource {
  const settled = async (): Promise<void> => {
    const waiting = resource.settled()
    if (waiting !== undefined) await waiting
  }
  return {
    namespaced: resource.kind.namespaced,
    get: async (namespace, name) => {
      await settled()
      const record = resource.find(namespace, name)
      return record === undefined ? undefined : resource.read(record)
    },
    list: async (namespace, matcher: LabelMatcher) => {
      await settled()
      return [...resource.cache.values()]
        .filter((record) => !resource.kind.namespaced || record.namespace === namespace)
        .map((record) => resource.read(record))
        .filter(({ metadata }) => matcher.matches(metadata?.labels))
    },
  }
}

/** Parameters of every kind that this server stores, as its caches show them. */
export class ServedParams implements ParamKinds {
  readonly #options: ServedParamsOptions

  constructor(options: ServedParamsOptions) {
    this.#options = options
  }

  async find({ apiVersion, kind }: admissionregistration.v1.ParamKind): Promise<ParamResource | undefined> {
    const { kinds, served, reader, custom } = this.#options
    const isMeant = (each: KindDeclaration): boolean =>
      each.kind === kind && apiVersionOf(each) === apiVersion && each.verbs.includes('get')
    const own = kinds.find(isMeant)
    if (own !== undefined) return builtIn(own, reader)
    const found = served.list().find((each) => isMeant(each.kind))
    if (found === undefined) return undefined
    const { group, version, resource } = found.kind
    const dynamic = await custom()?.find(group, version, resource)
    return dynamic === undefined ? undefined : ofResource(dynamic.resource)
  }
}
