import type { core } from '../../api/generated/types/index.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import { amountOf, quantityNumber } from '../../apimachinery/quantity.ts'
import { defined } from '../../base/defined.ts'
import { readPairs } from './selector.ts'
import type { UsageCompiler, UsageExpression } from './usage-expression.ts'

type Pod = core.v1.Pod

/** What containers of some pods use. */
export interface UsageRule {
  /** One pod's rule comes before those of many. */
  readonly ofOnePod: boolean
  readonly selects: (pod: Pod) => boolean
  /** The first that names the container counts. */
  readonly usages: readonly {
    /** All where absent. */
    readonly containers?: readonly string[]
    /** Cores. */
    readonly cpu?: UsageExpression
    /** Bytes. */
    readonly memory?: UsageExpression
  }[]
}

/** `{ value }` or `{ expression }`. */
function readValue(fields: FieldsReader | undefined, compiler: UsageCompiler): UsageExpression | undefined {
  if (fields === undefined) return undefined
  const value = fields.raw('value')
  const expression = fields.text('expression')
  fields.end()
  if (expression !== undefined) {
    const compiled = compiler.compile(expression)
    if ('usage' in compiled) return compiled.usage
    fields.fail(invalidValue(fields.at('expression'), expression, compiled.error))
    return undefined
  }
  if (amountOf(String(value)) === undefined) {
    fields.fail(invalidValue(fields.at('value'), value ?? '', 'must be a quantity, like 250m'))
    return undefined
  }
  const amount = quantityNumber(String(value))
  return () => amount
}

function readSelector(spec: FieldsReader): UsageRule['selects'] {
  const selector = spec.object('selector')
  if (selector === undefined) return () => true
  const namespaces = selector.texts('matchNamespaces') ?? []
  const names = selector.texts('matchNames') ?? []
  const labels = readPairs(selector, 'matchLabels', 'labels')
  const annotations = readPairs(selector, 'matchAnnotations', 'annotations')
  selector.end()
  const among = (list: readonly string[], text = ''): boolean => list.length === 0 || list.includes(text)
  return (pod) =>
    among(namespaces, pod.metadata?.namespace) &&
    among(names, pod.metadata?.name) &&
    labels(pod) &&
    annotations(pod)
}

/** Reads a ResourceUsage (of the pod of its name) or a ClusterResourceUsage; the reader keeps what is wrong with it. */
export function readUsage(
  document: FieldsReader,
  kind: 'ResourceUsage' | 'ClusterResourceUsage',
  compiler: UsageCompiler,
): UsageRule {
  const metadata = document.object('metadata')
  const [name, namespace = 'default'] = [metadata?.text('name'), metadata?.text('namespace')]
  const spec = document.object('spec')
  const ofOnePod = kind === 'ResourceUsage'
  const selects =
    ofOnePod || spec === undefined
      ? ({ metadata: of }: Pod) => of?.name === name && of?.namespace === namespace
      : readSelector(spec)
  const usages = (spec?.objects('usages') ?? []).map((item) => {
    const containers = item.texts('containers')
    const usage = item.object('usage')
    const cpu = readValue(usage?.object('cpu'), compiler)
    const memory = readValue(usage?.object('memory'), compiler)
    usage?.end()
    item.end()
    return defined({ containers, cpu, memory })
  })
  spec?.end()
  return { ofOnePod, selects, usages }
}
