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

/** The rows of the page's table, by their nodes. */
function rowsOf(text: string): ReadonlyMap<number, string> {
  const lines = text.split('\n').filter((line) => /^\| *[\d,]+ *\|/.test(line))
  return new Map(lines.map((line) => [numberAt(line, 1), line]))
}

const numberAt = (line: string, cell: number): number =>
  Number(line.split(separator)[cell]?.replaceAll(/[^\d.]/g, ''))

const digits = (value: number, places: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })

function rowText(row: GrowthRow, before: string | undefined): string {
  const ratio = before === undefined ? '' : digits(row.podsPerSecond / numberAt(before, 2), 2)
  const cells = [
    digits(row.nodes, 0),
    digits(row.podsPerSecond, 0),
    digits(row.processorMsPerPod, 2),
    `${digits(row.algorithmP50Ms, 2)}; ${digits(row.algorithmP99Ms, 2)}`,
    digits(row.attemptP99Ms, 0),
    digits(row.memoryMiB, 0),
    ratio,
  ]
  return `| ${cells.join(' | ')} |`
}

const head = [
  '| nodes | pods/s | processor, ms a pod | choice of a node, p50; p99 in ms | attempt, p99 in ms | memory, MiB | by the last ones |',
  '| ----: | -----: | ------------------: | -------------------------------: | -----------------: | ----------: | ---------------: |',
]

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
  for (const row of rows) lines.set(row.nodes, rowText(row, lines.get(row.nodes)))
  const table = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line)
  const told = `At commit ${commit}, on ${hostText()}:`
  const section = [begin, '', told, '', ...head, ...table, '', ''].join('\n')
  writeFileSync(page, text.slice(0, from) + section + text.slice(to))
  return page
}

/** The parameter `nodes` of a workload's name: `Growth/5000Nodes`. */
export function nodesOf(name: string): number {
  const count = /\/(\d+)Nodes/.exec(name)?.[1]
  if (count === undefined) throw new Error(`${name} does not say how many nodes there are`)
  return Number(count)
}
