import type { DecodeOptions, FieldValidation } from '../../apimachinery/codec/decode-object.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { Versions } from '../../apimachinery/managed-fields/versions.ts'
import type { FieldsV1 } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import type { Entry } from '../../storage/storage.ts'
import type { Layout } from '../cache/layout.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import { Resource } from '../rest/resource.ts'
import type { RestContext } from '../rest/rest-context.ts'
import type { WriteOptions } from '../rest/write-options.ts'
import type { DefinitionVersions } from './definition-versions.ts'
import type { VersionSchema } from './version-schema.ts'

const mainResets: FieldsV1 = { 'f:status': {} }
const statusResets: FieldsV1 = { 'f:metadata': {}, 'f:spec': {} }

export interface CustomResourceParts {
  readonly kind: KindDeclaration
  readonly cache: ResourceCache
  readonly context: RestContext
  readonly layout: Layout
  readonly version: VersionSchema
  readonly all: DefinitionVersions
  readonly isTerminating: () => boolean
}

/** One version of a custom resource. */
export class CustomResource extends Resource {
  override readonly versions: Versions
  readonly #version: VersionSchema
  readonly #all: DefinitionVersions
  readonly #isTerminating: () => boolean
  /** What a webhook has converted for a write that is under way. */
  readonly #converted = new WeakMap<WriteOptions, Versions>()

  constructor({ kind, cache, context, layout, version, all, isTerminating }: CustomResourceParts) {
    super(kind, cache, context, layout)
    this.#version = version
    this.#all = all
    this.#isTerminating = isTerminating
    this.versions = all.managed()
  }

  override versionsFor(write: WriteOptions): Versions {
    if (!this.#all.byWebhook) return this.versions
    const versions = this.#converted.get(write) ?? this.#all.managed()
    this.#converted.set(write, versions)
    return versions
  }

  override past(entries: readonly Entry[]): Promise<readonly Entry[]> | undefined {
    return this.#all.byWebhook ? this.#all.convertEntries(entries, this.#version, this.layout) : undefined
  }

  override decoding(fieldValidation: FieldValidation): DecodeOptions {
    return { expected: this.kind, structure: this.#version.codec, fieldValidation }
  }

  override get mergeSchema(): Schema {
    return this.#version.merge
  }

  override get refusesCreation(): boolean {
    return this.#isTerminating()
  }

  override resetFields(subresource: string): FieldsV1 | undefined {
    if (subresource === 'status') return statusResets
    return this.kind.subresources.status !== undefined && subresource === '' ? mainResets : undefined
  }
}
