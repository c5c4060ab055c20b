import {
  type Definition,
  isTrue,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { Conformer } from '../../apimachinery/codec/conformer.ts'
import type { Structure } from '../../apimachinery/codec/decode-object.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { metadataConformer } from '../../apimachinery/structural/metadata-conformer.ts'
import { RuleEnvironments } from '../../apimachinery/structural/rules/rule-environments.ts'
import { assert } from '../../base/assert.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { ServedRegistry } from '../discovery/served-registry.ts'
import type { ServedResource as DiscoveredResource } from '../discovery/served-resource.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { DynamicResources, ServedResource } from '../rest/rest-api.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { CustomForms } from './custom-forms.ts'
import { RuleMetrics } from './rule-metrics.ts'
import { servedResourcesOf } from './served-definitions.ts'
import { Serving, type ServingServices } from './serving.ts'
import type { MetadataTools } from './version-schema.ts'

export interface CustomResourcesOptions extends ServingServices {
  readonly reader: ObjectReader
  /** Told which resources there are. */
  readonly registry: ServedRegistry
  readonly metrics: Metrics
}

const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }
const source = 'custom resources'
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Serves what the definitions in the store define, from the moment they are accepted to their end. */
export class CustomResources implements DynamicResources, CustomForms {
  readonly #options: CustomResourcesOptions
  readonly #reader: TypedReader<Definition>
  readonly #serving = new Map<string, Serving>()
  readonly #discovered = new Map<string, readonly DiscoveredResource[]>()
  readonly #tools: MetadataTools
  #stop: () => void = () => {}

  constructor(options: CustomResourcesOptions) {
    this.#options = options
    this.#reader = typedReader<Definition>(options.reader, definitions)
    const { schemas, host } = options.context
    const metadata = schemas.get(objectMeta)
    assert(metadata !== undefined, 'the schema of ObjectMeta is among the built-in ones')
    const conformMetadata = metadataConformer(new Conformer(schemas), schemas)
    const metrics = new RuleMetrics(host, options.metrics)
    this.#tools = { metadata, conformMetadata, environments: new RuleEnvironments(), metrics }
  }

  /** Once the definitions have been loaded. */
  start(): void {
    for (const definition of this.#reader.list())
      this.#discovered.set(definition.metadata?.name ?? '', this.#servedOf(definition))
    this.#publish()
    this.#stop = this.#reader.onChange((now, old) => this.#observe(now, old))
  }

  stop(): void {
    this.#stop()
  }

  find(group: string, version: string, resource: string): Promise<ServedResource> | undefined {
    const definition = this.#reader.get('', `${resource}.${group}`)
    if (definition === undefined || versionOf(definition, version)?.served !== true) return undefined
    if (!isTrue(definition, 'NamesAccepted') && !isTrue(definition, 'Established')) return undefined
    return this.#servingOf(definition).find(version)
  }

  versionsOf({ group, resource }: KindDeclaration): readonly KindDeclaration[] | undefined {
    return this.#servingNamed(group, resource)?.kinds
  }

  convert(object: KubernetesObject, to: KindDeclaration): MaybePromise<KubernetesObject> | undefined {
    return this.#servingNamed(to.group, to.resource)?.convert(object, to.version)
  }

  structureOf({ group, version, resource }: KindDeclaration): Structure | undefined {
    return this.#servingNamed(group, resource)?.schema(version)?.codec
  }

  mergeSchemaOf({ group, version, resource }: KindDeclaration): Schema | undefined {
    return this.#servingNamed(group, resource)?.schema(version)?.merge
  }

  #servingNamed(group: string, resource: string): Serving | undefined {
    const definition = this.#reader.get('', `${resource}.${group}`)
    return definition === undefined ? undefined : this.#servingOf(definition)
  }

  /** All objects of a definition, as they are stored. */
  instancesOf(definition: Definition): Promise<ServedResource> {
    return this.#servingOf(definition).storage()
  }

  #servingOf(definition: Definition): Serving {
    const name = definition.metadata?.name ?? ''
    const known = this.#serving.get(name)
    if (known !== undefined) return known
    const isTerminating = (): boolean => {
      const now = this.#reader.get('', name)
      return now !== undefined && isTrue(now, 'Terminating')
    }
    const serving = new Serving(definition, this.#options, this.#tools, isTerminating)
    this.#serving.set(name, serving)
    return serving
  }

  #observe(now: Definition | undefined, old: Definition | undefined): void {
    const name = now?.metadata?.name ?? old?.metadata?.name ?? ''
    const serving = this.#serving.get(name)
    if (serving !== undefined && (now === undefined || !isSameServing(serving.definition, now))) {
      this.#serving.delete(name)
      serving.close()
    }
    if (now !== undefined && old !== undefined && looksAlike(now, old)) return
    const before = this.#discovered.get(name) ?? []
    const after = now === undefined ? [] : this.#servedOf(now)
    if (now === undefined) this.#discovered.delete(name)
    else this.#discovered.set(name, after)
    if (before.length > 0 || after.length > 0) this.#publish()
  }

  #servedOf(definition: Definition): readonly DiscoveredResource[] {
    const name = definition.metadata?.name ?? ''
    return servedResourcesOf(definition, () => this.#reader.get('', name))
  }

  #publish(): void {
    this.#options.registry.replace(source, () => [...this.#discovered.values()].flat())
  }
}

/** Whether discovery and OpenAPI say the same of both. */
const looksAlike = (a: Definition, b: Definition): boolean =>
  isSameServing(a, b) &&
  isTrue(a, 'Established') === isTrue(b, 'Established') &&
  isTrue(a, 'Terminating') === isTrue(b, 'Terminating')

function isSameServing(a: Definition, b: Definition): boolean {
  return (
    a.metadata?.uid === b.metadata?.uid &&
    jsonEqual(a.spec, b.spec) &&
    jsonEqual(a.status?.acceptedNames, b.status?.acceptedNames)
  )
}
