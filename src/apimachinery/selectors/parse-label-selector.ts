import { invalidValue } from '../field-errors.ts'
import { isQualifiedName } from '../label-syntax.ts'
import { badRequest, type StatusError } from '../status-error.ts'
import { type LabelOperator, type LabelRequirement, requirementErrors } from './label-requirement.ts'
import { everyLabel, LabelMatcher } from './label-selector.ts'

type TokenType = 'identifier' | 'symbol' | 'keyword' | 'end'

interface Token {
  readonly type: TokenType
  readonly text: string
}

const symbols = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])

/** Splits a run of symbols as upstream's scanner does: the longest known symbol from the left. */
function splitSymbols(run: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < run.length) {
    const two = run.slice(at, at + 2)
    const one = run.slice(at, at + 1)
    const text = two.length === 2 && symbols.has(two) ? two : one
    tokens.push({ type: 'symbol', text })
    at += text.length
  }
  return tokens
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const token = /[ \t\r\n]*(?:([=!(),<>]+)|([^=!(),<> \t\r\n]+)|$)/y
  for (;;) {
    const match = token.exec(text)
    if (match?.[1] !== undefined) tokens.push(...splitSymbols(match[1]))
    else if (match?.[2] !== undefined) {
      const keyword = match[2] === 'in' || match[2] === 'notin'
      tokens.push({ type: keyword ? 'keyword' : 'identifier', text: match[2] })
    } else break
  }
  tokens.push({ type: 'end', text: '' })
  return tokens
}

const binaryOperators = 'in, notin, =, ==, !=, gt, lt'
const operatorOfSymbol: Readonly<Record<string, LabelOperator>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
  in: 'in',
  notin: 'notin',
}

/** A recursive descent over the tokens; upstream's grammar and texts (apimachinery/pkg/labels/selector.go). */
class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = []
    for (;;) {
      const first = this.#peek()
      if (first.type === 'end') return requirements
      if (!startsRequirement(first))
        throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`)
      requirements.push(this.#requirement())
      const next = this.#take()
      if (next.type === 'end') return requirements
      if (next.text !== ',') throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (!startsRequirement(after)) throw badRequest(`found '${after.text}', expected: identifier after ','`)
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { type: 'end', text: '' }
  }

  #take(): Token {
    const taken = this.#peek()
    this.#at++
    return taken
  }

  #requirement(): LabelRequirement {
    let next = this.#take()
    const negated = next.text === '!' && next.type === 'symbol'
    if (negated) next = this.#take()
    if (!isIdentifier(next)) throw failed(`found '${next.text}', expected: identifier`)
    const key = next.text
    const complaints = isQualifiedName(key)
    if (complaints.length > 0) throw failed(`<nil>: ${invalidValue('', key, complaints.join('; ')).message}`)
    const operator = this.#operator(negated)
    if (operator === 'exists' || operator === '!') return checked({ key, operator, values: [] })
    const values = operator === 'in' || operator === 'notin' ? this.#values() : this.#exactValue()
    return checked({ key, operator, values })
  }

  #operator(negated: boolean): LabelOperator {
    const next = this.#peek()
    if (next.type === 'end' || next.text === ',') return negated ? '!' : 'exists'
    this.#at++
    const operator = next.type === 'identifier' ? undefined : operatorOfSymbol[next.text]
    if (operator === undefined) throw failed(`found '${next.text}', expected: ${binaryOperators}`)
    return operator
  }

  #values(): string[] {
    const open = this.#take()
    if (open.text !== '(') throw failed(`found '${open.text}' expected: '('`)
    const first = this.#peek()
    if (first.text === ')') {
      this.#at++
      return ['']
    }
    if (!isIdentifier(first) && first.text !== ',')
      throw failed(`found '${first.text}', expected: ',', ')' or identifier`)
    const values = this.#identifiers()
    this.#at++
    return values
  }

  /** Up to the closing parenthesis, which stays; an empty place between commas is the empty value. */
  #identifiers(): string[] {
    const values = new Set<string>()
    for (;;) {
      const next = this.#take()
      if (isIdentifier(next)) {
        values.add(next.text)
        const after = this.#peek()
        if (after.text === ',') continue
        if (after.text === ')') return [...values].sort()
        throw failed(`found '${after.text}', expected: ',' or ')'`)
      }
      if (next.text !== ',') throw failed(`found '${next.text}', expected: ',', or identifier`)
      if (values.size === 0) values.add('')
      const after = this.#peek()
      if (after.text === ')' || after.text === ',') values.add('')
      if (after.text === ')') return [...values].sort()
    }
  }

  #exactValue(): string[] {
    const next = this.#peek()
    if (next.type === 'end' || next.text === ',') return ['']
    this.#at++
    if (!isIdentifier(next)) throw failed(`found '${next.text}', expected: identifier`)
    return [next.text]
  }
}

const failed = (message: string): StatusError => badRequest(`unable to parse requirement: ${message}`)

/** `in` and `notin` are names, too, where no operator can stand. */
const isIdentifier = (next: Token): boolean => next.type === 'identifier' || next.type === 'keyword'

const startsRequirement = (next: Token): boolean =>
  isIdentifier(next) || (next.type === 'symbol' && next.text === '!')

function checked(requirement: LabelRequirement): LabelRequirement {
  const texts = [
    ...new Set(requirementErrors(requirement).map((error) => `${error.field}: ${error.message}`)),
  ]
  if (texts.length > 0) throw failed(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`)
  return requirement
}

/** A `labelSelector` query parameter: `app=web,tier in (a,b),!legacy`. Throws BadRequest with upstream's text. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text === '') return everyLabel
  const requirements = new Parser(text).parse()
  return requirements.length === 0 ? everyLabel : new LabelMatcher(requirements)
}
