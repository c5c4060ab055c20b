import { compareKeys } from './yaml-key-order.ts'
import { yamlText } from './yaml-scalar.ts'

/** A longer key stands on a line of its own, behind a question mark. */
const maxKeyBytes = 128
const encoder = new TextEncoder()

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null

/**
 * An object as YAML as upstream writes it: members sorted, lists not indented, long texts folded, and strings quoted
 * that YAML 1.1 would take for something else.
 */
export const encodeYaml = (object: unknown): string => `${node(object, 0, 0).replace(/^\n/, '')}\n`

/**
 * `column`: where the value begins on its line. A collection begins with the line break that goes before it; a member's
 * list stands below its name, so it has an indentation of its own.
 */
function node(value: unknown, indent: number, column: number, listIndent = indent): string {
  if (typeof value === 'string') return yamlText(value, { column, indent, isKey: false })
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `\n${list(value, listIndent)}`
  if (!isMembers(value)) return scalar(value)
  return Object.values(value).every((member) => member === undefined) ? '{}' : `\n${map(value, indent)}`
}

function scalar(value: unknown): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value)
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

function list(items: readonly unknown[], indent: number): string {
  const margin = ' '.repeat(indent)
  return items
    .map((item) => {
      const text = node(item, indent + 2, indent + 2)
      return `${margin}- ${text.startsWith('\n') ? text.slice(1 + indent + 2) : text}`
    })
    .join('\n')
}

function map(members: Members, indent: number): string {
  const margin = ' '.repeat(indent)
  return Object.keys(members)
    .filter((key) => members[key] !== undefined)
    .sort(compareKeys)
    .map((key) => {
      if (encoder.encode(key).length > maxKeyBytes || key.includes('\n'))
        return margin + longMember(key, members[key], indent)
      const name = yamlText(key, { column: indent, indent, isKey: true })
      const text = node(members[key], indent + 2, indent + name.length + 2, indent)
      return `${margin}${name}:${text.startsWith('\n') ? '' : ' '}${text}`
    })
    .join('\n')
}

function longMember(key: string, value: unknown, indent: number): string {
  const name = yamlText(key, { column: indent + 2, indent: indent + 2, isKey: false })
  const text = node(value, indent + 2, indent + 2)
  const shown = text.startsWith('\n') ? text.slice(1 + indent + 2) : text
  return `? ${name}\n${' '.repeat(indent)}: ${shown}`
}
