import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import type { ListMeta } from '../../apimachinery/meta.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { encodeText } from './json-text.ts'
import { type ListSource, PieceSource, wholeOf } from './list-source.ts'
import type { LazyRepresentation } from './representation.ts'

const chunkBytes = 64 * 1024

/** YAML of what a JSON representation gives. There is no watch in it, as upstream. */
export class YamlRepresentation implements LazyRepresentation {
  readonly contentType = 'application/yaml'
  readonly stream = undefined
  readonly #json: LazyRepresentation

  constructor(json: LazyRepresentation) {
    this.#json = json
  }

  one(record: CachedObject): Uint8Array {
    return translate([this.#json.one(record)])
  }

  object(object: object): Uint8Array {
    return translate([this.#json.object(object)])
  }

  list(records: readonly CachedObject[], metadata: ListMeta): ListSource {
    return new PieceSource([translate(wholeOf(this.#json.list(records, metadata), chunkBytes))])
  }
}

function translate(parts: Iterable<Uint8Array>): Uint8Array {
  const decoder = new TextDecoder()
  let text = ''
  for (const part of parts) text += decoder.decode(part, { stream: true })
  return encodeText(encodeYaml(JSON.parse(text)))
}
