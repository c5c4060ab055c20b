import type { DecodeOptions, FieldValidation } from '../../apimachinery/codec/decode-object.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { FieldsV1 } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import type { Layout } from '../cache/layout.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import { Resource } from '../rest/resource.ts'
import type { RestContext } from '../rest/rest-context.ts'
import type { VersionSchema } from './version-schema.ts'

const mainResets: FieldsV1 = { 'f:status': {} }
const statusResets: FieldsV1 = { 'f:metadata': {}, 'f:spec': {} }

export interface CustomResourceParts {
  readonly kind: KindDeclaration
  readonly cache: ResourceCache
  readonly context: RestContext
  readonly layout: Layout
  readonly version: VersionSchema
  readonly isTerminating: () => boolean
}

/** One version of a custom resource. */
export class CustomResource extends Resource {
  readonly #version: VersionSchema
  readonly #isTerminating: () => boolean

  constructor({ kind, cache, context, layout, version, isTerminating }: CustomResourceParts) {
    super(kind, cache, context, layout)
    this.#version = version
    this.#isTerminating = isTerminating
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
