import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { completionIndex, isTracked, type Pod } from './job-pod.ts'
import { JobCluster } from './testing/job-cluster.ts'

/** A request is refused, or done without the caller hearing of it. */
type Fault = 'none' | 'refused' | 'lost'

type Step =
  | { readonly do: 'end'; readonly which: number; readonly succeeds: boolean }
  | { readonly do: 'delete'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'break'; readonly requests: readonly Fault[] }
  | { readonly do: 'suspend'; readonly suspend: boolean }
  | { readonly do: 'restart' }

const which = fc.nat(9)
const fault = fc.constantFrom<Fault[]>('none', 'refused', 'lost')
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), which, succeeds: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), which }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('break' as const),
        requests: fc.array(fault, { maxLength: 8 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('suspend' as const), suspend: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  ),
  { maxLength: 30, size: 'max' },
)

/** A job's pods ended by chance, while requests of the controller fail. */
class Chaos {
  readonly cluster = new JobCluster()
  readonly #isIndexed: boolean
  /** What the next writes of the controller meet. */
  #faults: readonly Fault[] = []
  #isTesting = false
  /** Pods that ended while they were tracked. */
  readonly #succeeded = new Set<string>()
  readonly #failed = new Set<string>()

  constructor(isIndexed: boolean) {
    this.#isIndexed = isIndexed
    const { api } = this.cluster
    const request = api.request.bind(api)
    api.request = async (each) => {
      if (this.#isTesting || each.method === 'GET' || each.path.endsWith('/events')) return request(each)
      const [fault, ...rest] = this.#faults
      this.#faults = rest
      const response = fault === 'refused' ? undefined : await request(each)
      if (response === undefined || fault === 'lost') throw statusError('InternalError', `${fault}`)
      return response
    }
  }

  /** What the test does itself does not fail: its request is made before anything is waited for. */
  async #change(work: () => Promise<unknown>): Promise<void> {
    this.#isTesting = true
    const done = work()
    this.#isTesting = false
    await done
  }

  async take(step: Step): Promise<void> {
    const { cluster } = this
    const running = (await cluster.pods()).filter(
      ({ metadata, status }) => status?.phase === undefined && metadata?.deletionTimestamp === undefined,
    )
    if (step.do === 'wait') await cluster.host.advance(step.ms)
    else if (step.do === 'break') this.#faults = step.requests
    else if (step.do === 'restart') await cluster.restart()
    else if (step.do === 'suspend')
      await this.#change(() => cluster.change(JobKind, 'default/work', { spec: { suspend: step.suspend } }))
    else {
      const pod = running[step.which % Math.max(1, running.length)]
      if (pod !== undefined) await this.#end(pod, step)
    }
    await this.check()
  }

  async #end(pod: Pod, step: Step): Promise<void> {
    const succeeds = step.do === 'end' && step.succeeds
    if (isTracked(pod)) this.#note(pod, succeeds)
    await this.#change(() =>
      step.do === 'end'
        ? this.cluster.endPod(pod, succeeds ? 0 : 1)
        : this.cluster.do(this.cluster.client.resource(PodKind).delete('default', pod.metadata?.name ?? '')),
    )
  }

  #note(pod: Pod, succeeds: boolean): void {
    const uid = pod.metadata?.uid ?? ''
    if (!succeeds) this.#failed.add(uid)
    else this.#succeeded.add(this.#isIndexed ? String(completionIndex(pod)) : uid)
  }

  async check(isDone = false): Promise<void> {
    const { succeeded = 0, failed = 0, uncountedTerminatedPods: noted = {} } = await this.cluster.status()
    const seen = [succeeded + (noted.succeeded?.length ?? 0), failed + (noted.failed?.length ?? 0)]
    const truth = [this.#succeeded.size, this.#failed.size]
    if (isDone) expect(seen).toEqual(truth)
    else for (const at of [0, 1]) expect(seen[at]).toBeLessThanOrEqual(truth[at] ?? 0)
  }

  /** Nothing fails any more: the job comes to its end, and has counted everything. */
  async finish(completions: number): Promise<void> {
    const { cluster } = this
    this.#faults = []
    await cluster.change(JobKind, 'default/work', { spec: { suspend: false } })
    for (let round = 0; round <= completions; round++) {
      await cluster.host.advance(1_300_000)
      for (const pod of await cluster.pods())
        if (pod.status?.phase === undefined && pod.metadata?.deletionTimestamp === undefined)
          await this.#end(pod, { do: 'end', which: 0, succeeds: true })
    }
    await cluster.host.advance(120_000)
    await this.check(true)
    expect((await cluster.pods()).filter(isTracked)).toEqual([])
    expect((await cluster.conditions()).filter((each) => each.startsWith('Complete=True'))).toHaveLength(1)
    expect((await cluster.status()).uncountedTerminatedPods).toEqual({})
  }
}

test('jobController counts every end of a pod once, whatever fails in between', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.boolean(),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (list, isIndexed, completions, parallelism) => {
        const chaos = new Chaos(isIndexed)
        const completionMode = isIndexed ? 'Indexed' : 'NonIndexed'
        try {
          await chaos.cluster.makeJob({ completions, parallelism, completionMode, backoffLimit: 1_000 })
          for (const step of list) await chaos.take(step)
          await chaos.finish(completions)
        } finally {
          await chaos.cluster.stop()
        }
      },
    ),
    { numRuns: 150 },
  )
})
