import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

/** What one number of nodes has come to. */
export interface GrowthRow {
  readonly nodes: number
  readonly podsPerSecond: number
  readonly processorMsPerPod: number
  readonly algorithmP50Ms: number
  readonly algorithmP99Ms: number
  readonly attemptP99Ms: number
  readonly memoryMiB: number
}

const page = join(import.meta.dirname, '../../docs/performance.md')
const begin = '<!-- written by bench scheduler --parts growth -->'
const end = '<!-- until here -->'
const separator = '|'

type Cells = readonly string[]

/** The rows of the page's table, by their nodes. */
function rowsOf(text: string): ReadonlyMap<number, Cells> {
  const lines = text.split('\n').filter((line) => /^\| *[\d,]+ *\|/.test(line))
  const rows = lines.map((line) =>
    line
      .split(separator)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return new Map(rows.map((cells) => [numberOf(cells[0]), cells]))
}

const numberOf = (cell = ''): number => Number(cell.replaceAll(',', ''))

const digits = (value: number, places: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })

function cellsOf(row: GrowthRow, before: Cells | undefined): Cells {
  const ratio = before === undefined ? '' : digits(row.podsPerSecond / numberOf(before[1]), 2)
  return [
    digits(row.nodes, 0),
    digits(row.podsPerSecond, 0),
    digits(row.processorMsPerPod, 2),
    `${digits(row.algorithmP50Ms, 2)}; ${digits(row.algorithmP99Ms, 2)}`,
    digits(row.attemptP99Ms, 0),
    digits(row.memoryMiB, 0),
    ratio,
  ]
}

const heads: Cells = [
  'nodes',
  'pods/s',
  'processor, ms a pod',
  'choice of a node, p50; p99 in ms',
  'attempt, p99 in ms',
  'memory, MiB',
  'by the last ones',
]

/** As the house's formatter has it: figures to the right, columns as wide as their widest cell. */
function tableText(rows: readonly Cells[]): string {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: Cells): string => `| ${cells.join(' | ')} |`
  const padded = all.map((cells) =>
    line(widths.map((width, column) => (cells[column] ?? '').padStart(width))),
  )
  return padded.toSpliced(1, 0, line(widths.map((width) => `${'-'.repeat(width - 1)}:`))).join('\n')
}

function hostText(): string {
  const [first] = cpus()
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} processors (${first?.model.trim() ?? 'unknown'}), ${gibibytes} GiB of memory, ${type()} ${release()}, Node ${process.version}`
}

/** Puts rows into docs/performance.md, in the place of those of as many nodes; the others stay. */
export function writeGrowth(rows: readonly GrowthRow[], commit: string): string {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table`)
  const lines = new Map(rowsOf(text.slice(from, to)))
  for (const row of rows) lines.set(row.nodes, cellsOf(row, lines.get(row.nodes)))
  const table = tableText([...lines].sort(([a], [b]) => a - b).map(([, cells]) => cells))
  const told = `At commit ${commit}, on ${hostText()}:`
  const section = [begin, '', told, '', table, '', ''].join('\n')
  writeFileSync(page, text.slice(0, from) + section + text.slice(to))
  return page
}

/** The parameter `nodes` of a workload's name: `Growth/5000Nodes`. */
export function nodesOf(name: string): number {
  const count = /\/(\d+)Nodes/.exec(name)?.[1]
  if (count === undefined) throw new Error(`${name} does not say how many nodes there are`)
  return Number(count)
}
