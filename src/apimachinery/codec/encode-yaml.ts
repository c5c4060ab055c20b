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
export function encodeYaml(object: unknown): string {
  const out: string[] = []
  if (isBlock(object)) block(out, object, 0)
  else out.push(leaf(object, 0, 0))
  out.push('\n')
  return out.join('')
}

/** A collection that has lines of its own. */
const isBlock = (value: unknown): value is readonly unknown[] | Members =>
  Array.isArray(value)
    ? value.length > 0
    : isMembers(value) && Object.values(value).some((member) => member !== undefined)

/**
 * Pieces are put one behind another and joined once: texts of texts would be copied at each level. The first line's
 * margin is there.
 */
function block(out: string[], value: readonly unknown[] | Members, indent: number): void {
  if (isList(value)) list(out, value, indent)
  else map(out, value, indent)
}

const isList = (value: readonly unknown[] | Members): value is readonly unknown[] => Array.isArray(value)

/** `column`: where it begins on its line. */
function leaf(value: unknown, indent: number, column: number): string {
  if (typeof value === 'string') return yamlText(value, { column, indent, isKey: false })
  if (Array.isArray(value)) return '[]'
  return isMembers(value) ? '{}' : scalar(value)
}

function scalar(value: unknown): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value)
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** What stands behind a mark on its line. */
function behind(out: string[], value: unknown, indent: number): void {
  if (isBlock(value)) block(out, value, indent)
  else out.push(leaf(value, indent, indent))
}

function list(out: string[], items: readonly unknown[], indent: number): void {
  const start = `\n${' '.repeat(indent)}- `
  items.forEach((item, index) => {
    out.push(index === 0 ? '- ' : start)
    behind(out, item, indent + 2)
  })
}

function map(out: string[], members: Members, indent: number): void {
  const start = `\n${' '.repeat(indent)}`
  const keys = Object.keys(members).filter((key) => members[key] !== undefined)
  keys.sort(compareKeys).forEach((key, index) => {
    if (index > 0) out.push(start)
    if (encoder.encode(key).length > maxKeyBytes || key.includes('\n'))
      longMember(out, key, members[key], indent)
    else member(out, key, members[key], indent)
  })
}

/** A list stands below its name, not indented. */
function member(out: string[], key: string, value: unknown, indent: number): void {
  const name = yamlText(key, { column: indent, indent, isKey: true })
  out.push(name, ':')
  if (!isBlock(value)) {
    out.push(' ', leaf(value, indent + 2, indent + name.length + 2))
    return
  }
  const below = isList(value) ? indent : indent + 2
  out.push(`\n${' '.repeat(below)}`)
  block(out, value, below)
}

function longMember(out: string[], key: string, value: unknown, indent: number): void {
  const name = yamlText(key, { column: indent + 2, indent: indent + 2, isKey: false })
  out.push(`? ${name}\n${' '.repeat(indent)}: `)
  behind(out, value, indent + 2)
}
