/** What a template of a workload can name: its place among those that are made of it. */
export interface TemplateValues {
  readonly Index: number
  readonly Count: number
}

type Compute = (left: number, right: number) => number

/** Upstream's functions, with Go's whole numbers where their names say so. */
const functions: Readonly<Record<string, Compute>> = {
  AddFloat: (left, right) => left + right,
  AddInt: (left, right) => Math.trunc(left + right),
  DivideFloat: (left, right) => left / right,
  DivideInt: (left, right) => Math.trunc(left / right),
  Mod: (left, right) => Math.trunc(left) % Math.trunc(right),
  MultiplyFloat: (left, right) => left * right,
  MultiplyInt: (left, right) => Math.trunc(left * right),
  SubtractFloat: (left, right) => left - right,
  SubtractInt: (left, right) => Math.trunc(left - right),
}

function operand(text: string | undefined, values: TemplateValues): number {
  if (text === '.Index') return values.Index
  if (text === '.Count') return values.Count
  const number = Number(text)
  if (text === undefined || Number.isNaN(number)) throw new Error(`${text} is no value of a template`)
  return number
}

/** Replaces `{{.Index}}`, `{{.Count}}` and `{{Function left right}}`: what workloads use of Go's text templates. */
export const renderTemplate = (template: string, values: TemplateValues): string =>
  template.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const [first = '', ...rest] = expression.split(/\s+/)
    if (rest.length === 0) return String(operand(first, values))
    const compute = functions[first]
    if (compute === undefined) throw new Error(`${first} is no function of a template`)
    const [start, ...others] = rest.map((text) => operand(text, values))
    return String(others.reduce((result, each) => compute(result, each), start ?? 0))
  })
