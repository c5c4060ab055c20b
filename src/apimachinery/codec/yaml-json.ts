import type { ParsedBody } from './decode-object.ts'
import { parseJson } from './json-parse.ts'
import { NumberLiteral } from './number-literal.ts'
import { parseYamlBody } from './yaml-body.ts'

/** A YAML document as JSON, with what its strict parser has against it: what is cheap to read, and to hand over. */
export interface YamlAsJson {
  readonly json: string
  readonly strictErrors: readonly string[]
}

declare global {
  interface JSON {
    /** ES2026; TypeScript's libraries do not know it yet. */
    rawJSON(text: string): unknown
  }
}

const literal = (_key: string, value: unknown): unknown =>
  value instanceof NumberLiteral ? JSON.rawJSON(value.text) : value

/** Throws DecodeError, as `parseYamlBody` does. */
export function yamlToJson(body: Uint8Array): YamlAsJson {
  const { value, strictErrors = [] } = parseYamlBody(body)
  return { json: JSON.stringify(value, literal), strictErrors }
}

/** What `parseYamlBody` would have given. */
export function parsedYaml({ json, strictErrors }: YamlAsJson): ParsedBody {
  const parsed = parseJson(json)
  return strictErrors.length === 0 ? parsed : { ...parsed, strictErrors }
}
