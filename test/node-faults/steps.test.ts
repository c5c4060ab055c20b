import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { core } from '../../src/api/generated/types/index.ts'
import { CriRuntime } from '../../src/kubelet/runtime/cri/cri-runtime.ts'
import { containerNameLabel } from '../../src/kubelet/runtime/labels.ts'
import { lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { agents, containerds, FaultGround, image, namespace } from './support/fault-ground.ts'

/** A moment in a pod's life, as the machine's files tell it. */
interface Step {
  readonly when: string
  readonly isThere: (pod: PodPlace) => boolean
}

const patienceMs = 60_000
const name = 'pod'

/** Where the only pod of a node shows. */
class PodPlace {
  readonly #tasks: string
  readonly #folder: string
  readonly #logs: string

  constructor({ paths }: FaultGround, uid: string) {
    this.#tasks = join(paths.containerdState, 'state/io.containerd.runtime.v2.task/k8s.io')
    this.#folder = join(paths.kubelet, 'pods', uid)
    this.#logs = join(paths.kubelet, 'logs', `${namespace}_${name}_${uid}`)
  }

  get hasFolder(): boolean {
    return existsSync(this.#folder)
  }

  get hasMounts(): boolean {
    return readFileSync('/proc/self/mountinfo', 'utf8').includes(this.#folder)
  }

  /** Sandbox and containers that run, begin or end. */
  get tasks(): number {
    return existsSync(this.#tasks) ? readdirSync(this.#tasks).length : 0
  }

  readonly hasLog = (container: string): boolean => existsSync(join(this.#logs, container))

  /** Its containers make files in their volume. */
  readonly hasMade = (file: string): boolean =>
    existsSync(join(this.#folder, 'volumes/kubernetes.io~empty-dir/scratch', file))
}

const beginning: readonly Step[] = [
  { when: 'it has been bound', isThere: () => true },
  { when: 'its folder is made', isThere: (pod) => pod.hasFolder },
  { when: 'its volumes are mounted', isThere: (pod) => pod.hasMounts },
  { when: 'its sandbox begins', isThere: ({ tasks }) => tasks > 0 },
  { when: 'its init container is made', isThere: ({ hasLog }) => hasLog('init') },
  { when: 'its init container runs', isThere: ({ hasMade }) => hasMade('init') },
  { when: 'its container is made', isThere: ({ hasLog }) => hasLog('main') },
  { when: 'its container runs', isThere: ({ hasMade }) => hasMade('main') },
  { when: 'its postStart hook runs', isThere: ({ hasMade }) => hasMade('post') },
]

const ending: readonly Step[] = [
  { when: 'it has been deleted', isThere: () => true },
  { when: 'its preStop hook runs', isThere: ({ hasMade }) => hasMade('pre') },
  { when: 'it has been told to end', isThere: ({ hasMade }) => hasMade('term') },
  { when: 'its container ends', isThere: ({ hasMade }) => !hasMade('main') },
  { when: 'its sandbox ends', isThere: ({ tasks }) => tasks === 0 },
  { when: 'its volumes are unmounted', isThere: (pod) => !pod.hasMounts },
  { when: 'its folder is gone', isThere: (pod) => !pod.hasFolder },
]

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script]
const container = (of: string, script: string): core.v1.Container => ({
  ...{ name: of, image, command: [...shell(script)] },
  volumeMounts: [
    { name: 'scratch', mountPath: '/scratch' },
    { name: 'fast', mountPath: '/fast' },
  ],
})
const hook = (file: string): core.v1.LifecycleHandler => ({
  exec: { command: [...shell(`touch /scratch/${file}; sleep 1`)] },
})
const spec: Partial<core.v1.PodSpec> = {
  terminationGracePeriodSeconds: 10,
  volumes: [
    { name: 'scratch', emptyDir: {} },
    { name: 'fast', emptyDir: { medium: 'Memory' } },
  ],
  initContainers: [container('init', 'touch /scratch/init; sleep 1')],
  containers: [
    {
      ...container(
        'main',
        'trap "touch /scratch/term; sleep 1; rm /scratch/main; exit 0" TERM; touch /scratch/main; sleep 10000 & wait',
      ),
      lifecycle: { postStart: hook('post'), preStop: hook('pre') },
    },
  ],
}

const killed = [
  { what: 'the agent', patterns: [agents] },
  { what: 'containerd', patterns: [containerds] },
] as const
const at = (steps: readonly Step[]) =>
  steps.flatMap((step) => killed.map(({ what, patterns }) => ({ ...step, what, patterns })))

describe.skipIf(lacksContainers.length > 0)(suiteName('steps of a pod’s life', lacksContainers), () => {
  let ground: FaultGround

  beforeAll(async () => {
    ground = await FaultGround.create()
  })
  afterAll(() => ground?.dispose())

  const start = async (): Promise<PodPlace> => {
    const { metadata } = await ground.create(name, '', spec)
    return new PodPlace(ground, metadata?.uid ?? '')
  }
  /** Looks as often as it can: some steps are short. */
  const reach = async ({ isThere, when }: Step, pod: PodPlace): Promise<void> => {
    const endMs = performance.now() + patienceMs
    while (!isThere(pod)) {
      if (performance.now() > endMs) throw new Error(`${when}: that did not happen`)
      await setImmediate()
    }
  }
  const end = async (): Promise<void> => {
    await ground.gone(name)
    await ground.nothingLeft()
  }

  test.each(at(beginning))(
    '$what is killed when $when: the pod runs, once',
    async ({ patterns, ...step }) => {
      await reach(step, await start())
      ground.kill(...patterns)
      const { containerID } = await ground.running(name)
      const runtime = new CriRuntime(ground.paths.socket)
      const running = await runtime.listContainers({ state: { state: 'CONTAINER_RUNNING' } })
      runtime.close()
      expect(running.map(({ id, labels }) => [labels[containerNameLabel], `containerd://${id}`])).toEqual([
        ['main', containerID],
      ])
      await ground.delete(name)
      await end()
    },
  )

  test.each(at(ending))('$what is killed when $when: the pod ends', async ({ patterns, ...step }) => {
    const pod = await start()
    await ground.running(name)
    await ground.delete(name)
    await reach(step, pod)
    ground.kill(...patterns)
    await end()
  })
})
