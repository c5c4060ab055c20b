import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { FieldsV1 } from '../../apimachinery/meta.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import { Resource } from '../rest/resource.ts'
import type { RestContext } from '../rest/rest-context.ts'

const mainResets: FieldsV1 = { 'f:status': {} }
const statusResets: FieldsV1 = { 'f:metadata': {}, 'f:spec': {} }

/** One version of a custom resource. */
export class CustomResource extends Resource {
  constructor(kind: KindDeclaration, cache: ResourceCache, context: RestContext) {
    super(kind, cache, context)
  }

  override resetFields(subresource: string): FieldsV1 | undefined {
    if (subresource === 'status') return statusResets
    return this.kind.subresources.status !== undefined && subresource === '' ? mainResets : undefined
  }
}
