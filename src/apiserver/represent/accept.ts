/** One media range of an Accept header. */
export interface AcceptClause {
  readonly type: string
  readonly subtype: string
  readonly parameters: ReadonlyMap<string, string>
}

interface Weighted extends AcceptClause {
  readonly quality: number
}

function parseClause(text: string): Weighted | undefined {
  const [range = '', ...parts] = text.split(';')
  const [type = '', subtype = ''] = range.trim().split('/')
  if (type === '' || (subtype === '' && type !== '*')) return undefined
  const parameters = new Map<string, string>()
  let quality = 1
  for (const part of parts) {
    const [name = '', value = ''] = part.split('=')
    if (name.trim() === 'q') quality = Number(value) || 0
    else parameters.set(name.trim(), value.trim())
  }
  return { type: type.toLowerCase(), subtype: (subtype || '*').toLowerCase(), parameters, quality }
}

/** An Accept header's media ranges, the preferred ones first (RFC 9110 §12.5.1, as upstream reads it). */
export function parseAccept(header: string): readonly AcceptClause[] {
  return header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause !== undefined)
    .filter((clause) => clause.quality > 0)
    .sort((a, b) => b.quality - a.quality || specificity(b) - specificity(a))
}

const specificity = ({ type, subtype }: AcceptClause): number =>
  (type === '*' ? 0 : 2) + (subtype === '*' ? 0 : 1)
