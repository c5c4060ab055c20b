import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import { checkWritten } from '../rest/checked.ts'
import type { ConvertedCache } from './converted-cache.ts'
import { CustomResource, type CustomResourceParts } from './custom-resource.ts'
import type { DefinitionVersions } from './definition-versions.ts'

export interface ConvertedResourceParts extends CustomResourceParts {
  /** Of the stored version: what is written goes there. */
  readonly source: ResourceCache
  readonly converted: ConvertedCache
}

/** A version of a custom resource that a webhook converts from and to the stored one. */
export class ConvertedResource extends CustomResource {
  readonly #source: ResourceCache
  readonly #converted: ConvertedCache
  readonly #all: DefinitionVersions

  constructor(parts: ConvertedResourceParts) {
    super(parts)
    this.#source = parts.source
    this.#converted = parts.converted
    this.#all = parts.all
  }

  override get revision(): number {
    return this.#converted.shownOf(super.revision)
  }

  override isOutdated({ id }: CachedObject): MaybePromise<boolean> {
    return this.context.mirror.isOutdated(this.#source, id)
  }

  override get held(): ResourceCache {
    return this.#source
  }

  override settled(id?: string): Promise<void> | undefined {
    return this.#converted.settled(id)
  }

  override async put(id: string, object: KubernetesObject, revision: number): Promise<CachedObject> {
    const [stored = object] = await this.#all.convert([object], this.#all.storage)
    const { mirror } = this.context
    const written = await mirror.put(this.#source, id, checkWritten(this, stored), revision)
    await this.settled(id)
    const record = this.cache.get(id)
    if (record?.revision === written.revision) return record
    // Somebody else has written since: what was written here is answered all the same.
    const { bytes, metadataLength } = this.layout.store(object)
    return this.cache.detached(id, bytes, metadataLength, written.revision)
  }

  override async remove(record: CachedObject): Promise<CachedObject> {
    const revision = await this.context.mirror.remove(this.#source, record.id, record.revision)
    await this.settled(record.id)
    return this.cache.gone(record, revision)
  }
}
