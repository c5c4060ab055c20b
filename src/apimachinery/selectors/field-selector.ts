import { badRequest } from '../status-error.ts'

export interface FieldRequirement {
  /** A dotted path: `spec.nodeName`. */
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** All of `requirements` at once; a field that an object lacks counts as ''. */
export class FieldMatcher {
  readonly requirements: readonly FieldRequirement[]
  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements
  }
  get empty(): boolean {
    return this.requirements.length === 0
  }
  matches(fieldOf: (field: string) => string): boolean {
    for (const { field, operator, value } of this.requirements) {
      if ((fieldOf(field) === value) !== (operator === '=')) return false
    }
    return true
  }
  /** The one value that `field` must have, if the selector says so: what an index can use. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((candidate) => candidate.field === field && candidate.operator === '=')
      ?.value
  }
  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`)
      .join(',')
  }
}

export const everyField = new FieldMatcher([])

const escapeFieldValue = (value: string): string => value.replace(/[\\,=]/g, '\\$&')

function unescapeFieldValue(value: string): string {
  let text = ''
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at)
    if (character === ',' || character === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`)
    }
    if (character !== '\\') {
      text += character
      continue
    }
    const next = value.charAt(++at)
    if (next !== '\\' && next !== ',' && next !== '=')
      throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`)
    text += next
  }
  return text
}

/** At commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\') at++
    else if (character === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

const term = /^(.*?)(!=|==|=)(.*)$/s

/** A `fieldSelector` query parameter: `spec.nodeName=a,status.phase!=Running`. Throws BadRequest with upstream's text; whether a kind knows the fields is checked elsewhere. */
export function parseFieldSelector(text: string): FieldMatcher {
  if (text === '') return everyField
  const requirements: FieldRequirement[] = []
  for (const part of splitTerms(text).sort()) {
    if (part === '') continue
    const match = term.exec(part)
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    const [, field = '', operator, value = ''] = match
    // Upstream drops what says nothing of nothing.
    if (field === '' && value === '' && operator !== '!=') continue
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescapeFieldValue(value) })
  }
  return new FieldMatcher(requirements)
}
