import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import { evaluatorOf, specialEvaluators } from '../../../api/core/resource-quota/evaluators/evaluator-of.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { assert } from '../../../base/assert.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import { charge, runningQuota } from './charge.ts'

type PodObject = core.v1.Pod

const evaluator = evaluatorOf(
  specialEvaluators({ classes: () => [], pod: () => undefined, claimsOf: () => [] }),
  '',
  'pods',
)

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

interface Wish {
  /** Thousandths of a core. */
  readonly request: number
  readonly limit: number
  readonly priorityClassName: string | undefined
  readonly activeDeadlineSeconds: number | undefined
}

const wish: fc.Arbitrary<Wish> = fc.record({
  request: pick(0, 100, 250, 400),
  limit: pick(0, 400, 600),
  priorityClassName: pick(undefined, 'high', 'low'),
  activeDeadlineSeconds: pick(undefined, 60),
})

const isBestEffort = ({ request, limit }: Wish): boolean => request === 0 && limit === 0

/** The scopes, each with the words of the documents: which pods it means. */
const scopes: Readonly<Record<string, (pod: Wish) => boolean>> = {
  BestEffort: isBestEffort,
  NotBestEffort: (pod) => !isBestEffort(pod),
  Terminating: ({ activeDeadlineSeconds }) => activeDeadlineSeconds !== undefined,
  NotTerminating: ({ activeDeadlineSeconds }) => activeDeadlineSeconds === undefined,
}

interface Rule {
  readonly scopes: readonly string[]
  readonly classes: readonly string[]
  readonly hard: Readonly<Record<string, number>>
}

const rule: fc.Arbitrary<Rule> = fc.record({
  scopes: fc.uniqueArray(pick(...Object.keys(scopes)), { maxLength: 2 }),
  classes: fc.uniqueArray(pick('high', 'low'), { maxLength: 2 }),
  hard: fc.record(
    {
      pods: fc.integer({ min: 0, max: 4 }),
      'count/pods': fc.integer({ min: 0, max: 4 }),
      'requests.cpu': pick(0, 500, 1000),
      cpu: pick(300, 700),
      'limits.cpu': pick(0, 1000, 1500),
    },
    { requiredKeys: [] },
  ),
})

const amountText = (name: string, amount: number): string =>
  name.endsWith('cpu') ? `${amount}m` : `${amount}`

const quotaOf = ({ scopes: names, classes, hard }: Rule, index: number): core.v1.ResourceQuota => {
  const amounts = Object.entries(hard)
  return {
    metadata: { name: `q${index}` },
    spec: {
      scopes: [...names],
      ...(classes.length === 0
        ? {}
        : {
            scopeSelector: {
              matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: [...classes] }],
            },
          }),
    },
    status: {
      hard: Object.fromEntries(amounts.map(([name, amount]) => [name, amountText(name, amount)])),
      used: Object.fromEntries(amounts.map(([name]) => [name, '0'])),
    },
  }
}

const resourcesOf = ({ request, limit }: Wish): core.v1.ResourceRequirements => ({
  ...(request === 0 ? {} : { requests: { cpu: `${request}m` } }),
  ...(limit === 0 ? {} : { limits: { cpu: `${limit}m` } }),
})

const podOf = (of: Wish): PodObject => ({
  metadata: { name: 'p', namespace: 'n' },
  spec: {
    containers: [{ name: 'c', image: 'i', resources: resourcesOf(of) }],
    ...(of.priorityClassName === undefined ? {} : { priorityClassName: of.priorityClassName }),
    ...(of.activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds: of.activeDeadlineSeconds }),
  },
})

/** How much of what a quota names a pod uses; undefined: it says nothing of it. */
const use = (name: string, { request, limit }: Wish): number | undefined => {
  if (name === 'pods' || name === 'count/pods') return 1
  const amount = name === 'limits.cpu' ? limit : request
  return amount === 0 ? undefined : amount
}

/** The rules as the documents have them: a pod comes in if each quota that means it has room for it. */
class PlainQuotas {
  readonly #rules: readonly Rule[]
  readonly #pods: Wish[] = []

  constructor(rules: readonly Rule[]) {
    this.#rules = rules
  }

  static means({ scopes: names, classes }: Rule, pod: Wish): boolean {
    const inClass = classes.length === 0 || classes.some((name) => name === pod.priorityClassName)
    return inClass && names.every((name) => scopes[name]?.(pod) === true)
  }

  admits(pod: Wish): boolean {
    const fits = this.#rules
      .filter((each) => PlainQuotas.means(each, pod))
      .every((each) =>
        Object.entries(each.hard).every(([name, hard]) => {
          const wanted = use(name, pod)
          if (wanted === undefined) return false
          const held = this.#pods.filter((other) => PlainQuotas.means(each, other))
          return held.reduce((sum, other) => sum + (use(name, other) ?? 0), wanted) <= hard
        }),
      )
    if (fits) this.#pods.push(pod)
    return fits
  }
}

function attributesOf(object: PodObject): AdmissionAttributes {
  return {
    operation: 'CREATE',
    declaration: Pod,
    kind: Pod,
    resource: Pod,
    ...{ subresource: '', namespace: 'n', name: 'p', object, oldObject: undefined },
    user: { name: 'jane', groups: [] },
    ...{ dryRun: false, options: {}, signal: new AbortController().signal, round: 0 },
    warn: () => {},
    annotate: () => {},
    annotateSent: () => {},
    took: () => {},
    reinvoke: () => {},
  }
}

test('charge() lets in the pods that every quota has room for', () => {
  assert(evaluator !== undefined, 'nobody counts pods')
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 3 }), fc.array(wish, { maxLength: 12 }), (rules, wishes) => {
      const twin = new PlainQuotas(rules)
      let running = rules.map((each, index) => runningQuota(quotaOf(each, index)))
      const admits = (pod: Wish): boolean => {
        try {
          running = [...charge(running, attributesOf(podOf(pod)), evaluator, [], 0)]
          return true
        } catch {
          return false
        }
      }
      expect(wishes.map(admits)).toEqual(wishes.map((pod) => twin.admits(pod)))
    }),
    { numRuns: 500 },
  )
})
