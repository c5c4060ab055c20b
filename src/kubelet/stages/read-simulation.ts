import { parseAllDocuments } from 'yaml'
import { notSupported, required } from '../../apimachinery/field-errors.ts'
import { FieldsReader, type ReadProblems } from '../../apimachinery/fields-reader.ts'
import type { Host } from '../../base/host.ts'
import { readStage } from './read-stage.ts'
import { readUsage, type UsageRule } from './read-usage.ts'
import type { Stage } from './stage.ts'
import { UsageCompiler } from './usage-expression.ts'

/** How simulated nodes and pods behave. */
export interface Simulation {
  readonly stages: readonly Stage[]
  readonly usages: readonly UsageRule[]
}

const apiVersion = 'kwok.x-k8s.io/v1alpha1'
const kinds = ['Stage', 'ResourceUsage', 'ClusterResourceUsage'] as const

/** Of KWOK's fields those that are not here, and what to say instead. */
const absent: Readonly<Record<string, string>> = {
  'spec.next.statusTemplate':
    'a status is what the node agent makes of what happens: say in spec.next.simulate what befalls the containers or the node',
  'spec.next.patches':
    'objects are not patched: say in spec.next.simulate what befalls the containers or the node',
  'spec.steps': 'objects are not patched: say in spec.next.simulate what befalls the containers or the node',
}

/** Documents of YAML, or objects that have been read already. Throws an Error that names each mistake. */
export function readSimulation(given: string | readonly unknown[], host: Host): Simulation {
  const compiler = new UsageCompiler(host)
  const documents = typeof given === 'string' ? documentsOf(given) : given
  const stages: Stage[] = []
  const usages: UsageRule[] = []
  const mistakes: string[] = []
  for (const [index, value] of documents.entries()) {
    const problems: ReadProblems = { errors: [], unknown: [] }
    const document = new FieldsReader(value, '', problems)
    const name = document.object('metadata')?.text('name') ?? ''
    const kind = kinds.find((known) => known === document.text('kind'))
    if (document.text('apiVersion') !== apiVersion)
      document.fail(notSupported('apiVersion', document.raw('apiVersion') ?? '', [apiVersion]))
    else if (kind === undefined) document.fail(notSupported('kind', document.raw('kind') ?? '', kinds))
    else {
      if (name === '') document.fail(required('metadata.name'))
      if (kind === 'Stage') stages.push(readStage(document, name))
      else usages.push(readUsage(document, kind, compiler))
      document.end()
    }
    const where = `${kind ?? `document ${index + 1}`} ${name}`.trim()
    mistakes.push(
      ...problems.errors.map(({ field, message }) => `${where}: ${field}: ${message}`),
      ...problems.unknown.map((path) => `${where}: ${path}: ${absent[path] ?? 'there is no such field'}`),
    )
  }
  if (mistakes.length > 0) throw new Error(`the stages cannot be read:\n${mistakes.join('\n')}`)
  return { stages, usages }
}

function documentsOf(text: string): readonly unknown[] {
  const documents = parseAllDocuments(text)
  const values: unknown[] = []
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined) throw new Error(`the stages cannot be read: ${error.message}`)
    const value: unknown = document.toJS()
    if (value !== null && value !== undefined) values.push(value)
  }
  return values
}
