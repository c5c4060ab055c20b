import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { Fields, isRecord, type Params } from './fields.ts'
import { type Operation, readOperation } from './operation.ts'

/** One measurement: a case's operations with one set of parameters. */
export interface Workload {
  /** `Case/workload`. */
  readonly name: string
  readonly labels: readonly string[]
  /** Of the case, overruled by the workload's. */
  readonly featureGates: ReadonlyMap<string, boolean>
  /** A KubeSchedulerConfiguration. */
  readonly schedulerConfig: string | undefined
  readonly operations: readonly Operation[]
}

const fileName = 'performance-config.yaml'

/** The file itself, or all that are called `performance-config.yaml` in a folder and those below it. */
export function workloadFiles(path: string): readonly string[] {
  if (!existsSync(path)) throw new Error(`${path} is not there`)
  if (!statSync(path).isDirectory()) return [resolve(path)]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.split('/').at(-1) === fileName)
    .sort()
    .map((name) => resolve(path, name))
}

function gates(fields: Fields): ReadonlyMap<string, boolean> {
  return new Map(Object.entries(fields.map('featureGates')).map(([name, value]) => [name, value === 'true']))
}

function records(fields: Fields, name: string): readonly Readonly<Record<string, unknown>>[] {
  const value = fields.value(name)
  if (Array.isArray(value) && value.every(isRecord)) return value
  throw fields.error(`${name} is no list of maps`)
}

function readParams(fields: Fields): Params {
  const params: Record<string, number | string | boolean> = {}
  const given = fields.value('params') ?? {}
  if (!isRecord(given)) throw fields.error('params is no map')
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'boolean')
      throw fields.error(`the parameter ${name} is neither number nor text`)
    params[name] = value
  }
  return params
}

function readCase(one: Fields, folder: string): readonly Workload[] {
  const at = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : join(folder, path)
  const podTemplate = at(one.text('defaultPodTemplatePath'))
  const template = records(one, 'workloadTemplate')
  const shared = gates(one)
  const schedulerConfig = at(one.text('schedulerConfigPath'))
  const labels = one.texts('labels')
  const workloads = records(one, 'workloads').map((values): Workload => {
    const workload = one.at(String(values.name), values)
    const params = readParams(workload)
    // What upstream compares its own results with.
    workload.value('threshold')
    const name = `${one.needed('name')}/${workload.needed('name')}`
    const featureGates = new Map([...shared, ...gates(workload)])
    const own = workload.texts('labels')
    workload.end()
    return {
      name,
      labels: [...labels, ...own],
      featureGates,
      schedulerConfig,
      operations: template.map((operation, index) =>
        readOperation(new Fields(`${name}, operation ${index}`, operation, params), {
          index,
          folder,
          podTemplate,
        }),
      ),
    }
  })
  one.end()
  return workloads
}

/** Reads upstream's scheduler_perf form. An opcode, a field or a parameter that is not known is an error. */
export function readWorkloads(file: string): readonly Workload[] {
  const cases: unknown = parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(cases)) throw new Error(`${file} is no list of cases`)
  return cases.flatMap((values) => {
    if (!isRecord(values)) throw new Error(`${file}: a case is no map`)
    const fields = new Fields(`${file}: ${String(values.name)}`, values, {})
    return readCase(fields, dirname(file))
  })
}
