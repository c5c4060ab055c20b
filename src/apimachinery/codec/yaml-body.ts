import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import { DecodeError } from './decode-error.ts'
import type { ParsedBody } from './decode-object.ts'
import { maxDepth } from './json-scan.ts'
import { NumberLiteral } from './number-literal.ts'
import { setMember } from './set-member.ts'
import { firstDocument } from './yaml-document.ts'
import { resolvePlain } from './yaml-resolve.ts'

/** Aliases may add that many nodes to a document, and no more. */
const maxAliasedNodes = 100_000

type Members = Record<string, unknown>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)

/** Turns a YAML document's nodes into JSON values as `sigs.k8s.io/yaml` does. */
class YamlConverter {
  readonly duplicates: string[] = []
  hasLiterals = false
  readonly #anchors = new Map<string, Node>()
  readonly #lines: LineCounter
  #aliases = 0
  #aliasedNodes = 0

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  convert(node: unknown, depth = 0): unknown {
    if (this.#aliases > 0 && ++this.#aliasedNodes > maxAliasedNodes) {
      throw new DecodeError('yaml: document contains excessive aliasing')
    }
    if (depth > maxDepth) throw new DecodeError('yaml: exceeded max depth')
    if (isAlias(node)) {
      this.#aliases++
      const value = this.convert(this.#anchor(node.source), depth + 1)
      this.#aliases--
      return value
    }
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    }
    if (isMap(node)) return this.#map(node.items, depth)
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1))
    return isScalar(node) ? this.#scalar(node.source ?? '', node.type === 'PLAIN', node.tag) : null
  }

  #anchor(name: string): Node {
    const node = this.#anchors.get(name)
    if (node === undefined) throw new DecodeError(`yaml: unknown anchor '${name}' referenced`)
    return node
  }

  #scalar(text: string, plain: boolean, tag: string | undefined): unknown {
    if (tag === 'tag:yaml.org,2002:binary') return binaryText(text)
    const typed = tag !== undefined && /^tag:yaml\.org,2002:(?:int|float|bool|null)$/.test(tag)
    if (!typed && (!plain || tag === 'tag:yaml.org,2002:str' || tag === '!')) return text
    const value = resolvePlain(text)
    if (value instanceof NumberLiteral) this.hasLiterals = true
    return value
  }

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], depth: number): Members {
    const members: Members = {}
    const merged: unknown[] = []
    for (const { key, value } of items) {
      if (isScalar(key) && key.source === '<<' && key.type === 'PLAIN') {
        merged.push(this.convert(value, depth + 1))
        continue
      }
      const given = this.#key(key, depth)
      const name = `${given}`
      if (Object.hasOwn(members, name)) this.#duplicate(given, value)
      setMember(members, name, this.convert(value, depth + 1))
    }
    for (const source of merged.flat()) {
      if (!isMembers(source))
        throw new DecodeError('yaml: map merge requires map or sequence of maps as the value')
      for (const [name, value] of Object.entries(source)) {
        if (!Object.hasOwn(members, name)) setMember(members, name, value)
      }
    }
    return sorted(members)
  }

  #key(key: unknown, depth: number): string | number | boolean {
    const value = this.convert(key, depth + 1)
    if (value instanceof NumberLiteral) return value.text
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    throw new DecodeError('yaml: map keys must be strings, numbers or booleans')
  }

  #duplicate(key: string | number | boolean, value: unknown): void {
    const range = isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value.range : undefined
    const { line } = this.#lines.linePos(range?.[0] ?? 0)
    const shown = typeof key === 'string' ? JSON.stringify(key) : `${key}`
    this.duplicates.push(`  line ${line}: key ${shown} already set in map`)
  }
}

/** Upstream reads YAML by way of JSON, whose members Go sorts: what is said of fields comes in that order. */
function sorted(members: Members): Members {
  const names = Object.keys(members)
  if (names.every((name, index) => index === 0 || (names[index - 1] ?? '') <= name)) return members
  const copy: Members = {}
  for (const name of names.sort()) setMember(copy, name, members[name])
  return copy
}

function binaryText(text: string): string {
  try {
    return atob(text.replaceAll(/\s/g, ''))
  } catch {
    throw new DecodeError('yaml: !!binary value contains invalid base64 data')
  }
}

/** Reads `application/yaml`: the first document. Throws DecodeError. */
export function parseYamlBody(body: Uint8Array): ParsedBody {
  return parseYaml(new TextDecoder().decode(body))
}

export function parseYaml(text: string): ParsedBody {
  const { contents, lines } = firstDocument(text)
  const converter = new YamlConverter(lines)
  const value = converter.convert(contents)
  const { duplicates } = converter
  return {
    value,
    ...(converter.hasLiterals ? { exact: { duplicates: new Map() } } : {}),
    ...(duplicates.length === 0
      ? {}
      : { strictErrors: [`yaml: unmarshal errors:\n${duplicates.join('\n')}`] }),
  }
}
