import { encodeYaml } from '../../apimachinery/codec/encode-yaml.ts'
import type { ListMeta } from '../../apimachinery/meta.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { encodeText } from './json-text.ts'
import type { LazyRepresentation } from './representation.ts'

const decoder = new TextDecoder()

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

  *list(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    yield translate(this.#json.list(records, metadata))
  }
}

function translate(parts: Iterable<Uint8Array>): Uint8Array {
  let text = ''
  for (const part of parts) text += decoder.decode(part)
  return encodeText(encodeYaml(JSON.parse(text)))
}
