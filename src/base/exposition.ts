export interface Sample {
  /** Values in the order of the family's labels. */
  readonly labels: readonly string[]
  readonly value: number
  /** When it was measured; when it is read, where absent. */
  readonly timeMs?: number
}

/** Values that are told as they were found, without being kept. */
export interface SampleFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly samples: readonly Sample[]
}

/** As Go writes it, so that rules that name a bucket (`le="1e+06"`) find it. */
export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  const size = Math.abs(value)
  if (value === 0 || Number.isNaN(value) || (size >= 1e-4 && size < 1e6)) return String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

export const escapeHelp = (help: string): string => help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

/** `verb="get",code="200"` */
export const renderLabels = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',')

/** The Prometheus text format 0.0.4, families in order of their names; those without samples are left out. */
export function exposeFamilies(families: readonly SampleFamily[]): string {
  const lines: string[] = []
  const found = families.filter(({ samples }) => samples.length > 0)
  for (const { name, help, type, labels, samples } of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`)
    for (const { labels: values, value, timeMs } of samples) {
      const named = labels.length === 0 ? name : `${name}{${renderLabels(labels, values)}}`
      const time = timeMs === undefined ? '' : ` ${Math.trunc(timeMs)}`
      lines.push(`${named} ${formatNumber(value)}${time}`)
    }
  }
  lines.push('')
  return lines.join('\n')
}
