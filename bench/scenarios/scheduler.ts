import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isGoal } from '../goals.ts'
import type { Details, Report } from '../report.ts'
import type { BenchOptions, Scenario } from '../scenario.ts'
import type { Collected } from '../scheduler-perf/collector.ts'
import { type GrowthRow, nodesOf, writeGrowth } from '../scheduler-perf/growth-page.ts'
import { readWorkloads, type Workload, workloadFiles } from '../scheduler-perf/read-workloads.ts'
import type { Outcome } from '../scheduler-perf/run-workload.ts'
import { heaviestFunctions } from '../server/profile-summary.ts'

const script = join(import.meta.dirname, '../scheduler-perf/main.ts')
const ownWorkloads = join(import.meta.dirname, '../workloads')
const profiles = join(import.meta.dirname, '../results/profiles')
const heaviestCount = 20

/** What each part runs. */
const partCases: Readonly<Record<string, string>> = { growth: 'Growth', latency: 'Steady' }

interface Chosen {
  readonly file: string
  readonly workload: Workload
}

/** Those whose name fits, or else those that are for measuring. */
function choose({ workloads, only, parts }: BenchOptions): readonly Chosen[] {
  const cases = parts.map((part) => `^${partCases[part]}/`).join('|')
  const fits = only === '' && parts.length === 0 ? undefined : new RegExp(only || cases)
  return workloadFiles(workloads || ownWorkloads).flatMap((file) =>
    readWorkloads(file)
      .filter(({ name, labels }) => fits?.test(name) ?? labels.includes('performance'))
      .map((workload) => ({ file, workload })),
  )
}

async function run({ file, workload }: Chosen, options: BenchOptions, profile: string): Promise<Outcome> {
  const creation = options.https ? 'https' : 'in-process'
  const args = [script, file, workload.name, options.store, creation, ...(profile === '' ? [] : [profile])]
  const running = promisify(execFile)(process.execPath, args)
  running.child.stderr?.pipe(process.stderr)
  const outcome: Outcome = JSON.parse((await running).stdout)
  return outcome
}

function detailsOf(collected: Collected, loopP99Ms: number): Details {
  const { name: _name, throughput, ...rest } = collected
  const { average: _average, ...percentiles } = throughput ?? { average: 0 }
  return { ...percentiles, ...rest, loopP99Ms }
}

/** The same workload with a gate that is always on here has the same goal. */
const goalOf = (name: string): string =>
  name.replace(/_(QueueingHintsEnabled|AsyncAPICallsEnabled|AsyncPreemptionEnabled)$/, '')

function tell(name: string, { collected, loopP99Ms }: Outcome, options: BenchOptions, report: Report): void {
  const isStandard = options.store === 'lmdb' && !options.https
  // Of several, upstream's figures are those of the first.
  const [first] = collected
  for (const each of collected) {
    const details = detailsOf(each, loopP99Ms)
    const ours = each.throughput?.average ?? each.overall
    if (isStandard && each.arrivalP99Ms !== undefined) {
      report.figure('attempt', each.attemptP99Ms, details)
      report.figure('arrival', each.arrivalP99Ms, details)
      continue
    }
    const goal = goalOf(name)
    if (isStandard && each === first && isGoal(goal)) report.figure(goal, ours, details)
    else {
      const title = collected.length === 1 ? name : `${name}/${each.name}`
      report.extra([title, options.store, ...(options.https ? ['https'] : [])].join(' '), '/s', ours, details)
    }
  }
}

/** Undefined, and noted, where the workload has failed. */
async function measure(one: Chosen, options: BenchOptions, report: Report): Promise<Outcome | undefined> {
  const { name } = one.workload
  const profile = options.profile ? join(profiles, `${name.replaceAll(/\W+/g, '-')}.cpuprofile`) : ''
  try {
    const outcome = await run(one, options, profile)
    tell(name, outcome, options, report)
    if (profile !== '') {
      const { self, withCallees } = heaviestFunctions(profile, heaviestCount)
      const lines = ['  in the function itself:', ...self, '  with what it calls:', ...withCallees]
      console.log(lines.join('\n    '))
    }
    return outcome
  } catch (error) {
    report.note(`${name} has failed: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

async function commit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'])
  return stdout.trim()
}

/** Workloads in the form of upstream's scheduler_perf. */
export const scheduler: Scenario = {
  name: 'scheduler',
  parts: Object.keys(partCases),
  async run(options: BenchOptions, report: Report): Promise<void> {
    const chosen = choose(options)
    if (chosen.length === 0) throw new Error('no workload has such a name')
    const rows: GrowthRow[] = []
    for (const one of chosen) {
      const outcome = await measure(one, options, report)
      const [collected] = outcome?.collected ?? []
      if (collected === undefined || !options.parts.includes('growth')) continue
      const podsPerSecond = collected.throughput?.average ?? collected.overall
      rows.push({ ...collected, podsPerSecond, nodes: nodesOf(one.workload.name) })
    }
    if (rows.length > 0) report.note(`written to ${writeGrowth(rows, await commit())}`)
  },
}
