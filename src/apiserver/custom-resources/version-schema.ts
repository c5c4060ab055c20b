import type {
  Definition,
  DefinitionVersion,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { applyDefaults } from '../../apimachinery/structural/apply-defaults.ts'
import type { ConformMetadata } from '../../apimachinery/structural/embedded-objects.ts'
import { mergeSchemaOf } from '../../apimachinery/structural/merge-schema.ts'
import type { RuleEnvironments } from '../../apimachinery/structural/rules/rule-environments.ts'
import { hasRules, type RuleTree, ruleTree } from '../../apimachinery/structural/rules/rule-tree.ts'
import { StructuralCodec } from '../../apimachinery/structural/structural-codec.ts'
import { StructuralSchema } from '../../apimachinery/structural/structural-schema.ts'
import { customHooks } from './custom-hooks.ts'
import type { RuleMetrics } from './rule-metrics.ts'

export interface MetadataTools {
  readonly conformMetadata: ConformMetadata
  /** The schema of ObjectMeta. */
  readonly metadata: Schema
  readonly environments: RuleEnvironments
  readonly metrics: RuleMetrics
}

/** One version of a definition, its schema ready to be interpreted. */
export class VersionSchema {
  readonly definition: Definition
  readonly version: DefinitionVersion
  readonly schema: StructuralSchema
  readonly codec: StructuralCodec
  readonly #tools: MetadataTools
  #merge: Schema | undefined
  #rules: RuleTree | undefined
  #hasCompiled = false

  constructor(definition: Definition, version: DefinitionVersion, tools: MetadataTools) {
    this.definition = definition
    this.version = version
    this.#tools = tools
    const preservesAll = definition.spec.preserveUnknownFields === true
    const json = version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true }
    this.schema = new StructuralSchema(json, true)
    const { conformMetadata } = tools
    this.codec = new StructuralCodec({ schema: this.schema, conformMetadata, preservesAll })
  }

  get apiVersion(): string {
    return `${this.definition.spec.group}/${this.version.name}`
  }

  get hooks(): Partial<KindDeclaration> {
    const { definition, version, schema } = this
    const { conformMetadata, metrics } = this.#tools
    return customHooks({ definition, version, schema, conformMetadata, metrics, rules: () => this.rules })
  }

  /** The rules of its schema, compiled when the first object is validated. */
  get rules(): RuleTree | undefined {
    if (!this.#hasCompiled) {
      const compiler = { environments: this.#tools.environments, ageOf: () => 'stored' as const }
      if (hasRules(this.schema.json))
        this.#rules = this.#tools.metrics.compile(() => ruleTree(this.schema.json, true, compiler))
      this.#hasCompiled = true
    }
    return this.#rules
  }

  get merge(): Schema {
    this.#merge ??= mergeSchemaOf(this.schema, this.#tools.metadata)
    return this.#merge
  }

  /** What a webhook has made of another version's object. */
  conform(object: KubernetesObject): KubernetesObject {
    return this.codec.prune(object) as KubernetesObject
  }

  /** An object of this version as it was stored, made what the schema of today says. */
  revive(stored: KubernetesObject): KubernetesObject {
    return applyDefaults(this.codec.repair(stored), this.schema) as KubernetesObject
  }

  /** Another version's object as one of this version, where all versions have the same fields. */
  relabel(object: KubernetesObject): KubernetesObject {
    if (object.apiVersion === this.apiVersion) return object
    return this.codec.prune({ ...object, apiVersion: this.apiVersion }) as KubernetesObject
  }
}
