import { Job as JobKind } from '../../../api/batch/job/kind.ts'
import { Pod as PodKind } from '../../../api/core/pod/kind.ts'
import type { batch } from '../../../api/generated/types/index.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import type { RunningController } from '../../../reconcile/start-controller.ts'
import { TestCluster } from '../../../reconcile/testing/test-cluster.ts'
import { type JobOptions, jobController } from '../job-controller.ts'
import type { Job, Pod } from '../job-pod.ts'
import { jobWith } from './job-view.ts'

/** Longer than changes of a job gather. */
const settleMs = 500

/** The Job controller on a fake API, with a test in the kubelet's place. */
export class JobCluster extends TestCluster {
  readonly #options: JobOptions
  #controller: RunningController

  constructor(options: JobOptions = {}) {
    super()
    this.#options = options
    this.#controller = this.start(jobController(options))
  }

  /** Another controller that remembers nothing, as after a crash. */
  async restart(): Promise<void> {
    await this.do(this.#controller.stop(), 1_000)
    this.#controller = this.start(jobController(this.#options))
    await this.host.advance(1_000)
  }

  makeJob(spec: Partial<batch.v1.JobSpec> = {}, settledMs: number = settleMs): Promise<Job> {
    const { status: _, metadata: { uid: __, ...metadata } = {}, ...job } = jobWith(spec)
    return this.create(JobKind, { ...job, metadata }, settledMs)
  }

  job(): Promise<Job> {
    return this.get<Job>(JobKind, 'default/work')
  }

  async status(): Promise<batch.v1.JobStatus> {
    return (await this.job()).status ?? {}
  }

  pods(): Promise<readonly Pod[]> {
    return this.list<Pod>(PodKind)
  }

  async podsOf(phase: string): Promise<readonly Pod[]> {
    return (await this.pods()).filter(({ status }) => (status?.phase ?? 'Pending') === phase)
  }

  async endPod({ metadata }: Pod, exitCode: number): Promise<void> {
    const finishedAt = formatTime(this.host.now())
    await this.change(PodKind, `default/${metadata?.name}`, {
      status: {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'main', state: { terminated: { exitCode, finishedAt } } }],
      },
    })
  }

  /** Ends every pod that has not ended. */
  async endAll(exitCode: number): Promise<void> {
    for (const pod of await this.podsOf('Pending')) await this.endPod(pod, exitCode)
    await this.host.advance(settleMs)
  }

  async runAll(): Promise<void> {
    for (const { metadata } of await this.podsOf('Pending')) {
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.host.now()) }]
      await this.change(PodKind, `default/${metadata?.name}`, { status: { phase: 'Running', conditions } })
    }
    await this.host.advance(settleMs)
  }

  async conditions(): Promise<readonly string[]> {
    const { conditions = [] } = await this.status()
    return conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
  }
}
