import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { core } from '../../src/api/generated/types/index.ts'
import { CriRuntime } from '../../src/kubelet/runtime/cri/cri-runtime.ts'
import { podNameLabel, podNamespaceLabel, podUidLabel } from '../../src/kubelet/runtime/labels.ts'
import { lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { agents, containerds, FaultGround, forever, image, shims } from './support/fault-ground.ts'

const hourMs = 3_600_000

interface Fault {
  readonly what: string
  /** Before there are pods. */
  readonly before?: (ground: FaultGround) => Promise<void>
  readonly strike: (ground: FaultGround) => Promise<void>
  /** Containers that ran do not run on. */
  readonly endsContainers?: boolean
}

const kills =
  (...patterns: readonly RegExp[]): Fault['strike'] =>
  async (ground) =>
    ground.kill(...patterns)

const clock = mkdtempSync(join(tmpdir(), 'tml-clock-'))
const clockFile = join(clock, 'off')

/** Sets the clock of the cluster's own processes; containerd's is the machine's. */
const setClock =
  (offMs: number): Fault['strike'] =>
  async ({ machine }) => {
    writeFileSync(clockFile, String(offMs))
    for (const pid of [machine.state.pid, ...machine.pids(agents)]) process.kill(pid, 'SIGUSR2')
  }

/** What a node has of a pod that nobody knows: a sandbox, files, a log and a group. */
async function leaveOrphan({ paths, machine }: FaultGround): Promise<void> {
  const uid = randomUUID()
  const runtime = new CriRuntime(paths.socket)
  const namespaceOptions = { network: 'NODE', pid: 'CONTAINER', ipc: 'POD' } as const
  await runtime.runPodSandbox(
    {
      metadata: { name: 'orphan', uid, namespace: 'default', attempt: 0 },
      hostname: '',
      logDirectory: join(paths.kubelet, 'logs', `default_orphan_${uid}`),
      portMappings: [],
      labels: { [podUidLabel]: uid, [podNameLabel]: 'orphan', [podNamespaceLabel]: 'default' },
      annotations: {},
      linux: { cgroupParent: '', sysctls: {}, securityContext: { namespaceOptions } },
    },
    '',
  )
  runtime.close()
  const unknown = randomUUID()
  const volume = join(paths.kubelet, 'pods', unknown, 'volumes', 'kubernetes.io~empty-dir', 'fast')
  mkdirSync(volume, { recursive: true })
  mkdirSync(join(paths.kubelet, 'logs', `default_older_${unknown}`, 'main'), { recursive: true })
  await machine.succeed(['mount', '-t', 'tmpfs', 'tmpfs', volume])
}

const faults: readonly Fault[] = [
  { what: 'the agent is killed', strike: kills(agents) },
  { what: 'containerd is killed', strike: kills(containerds) },
  { what: 'the agent and containerd are killed', strike: kills(agents, containerds) },
  { what: 'the shims are killed', endsContainers: true, strike: kills(shims) },
  {
    what: 'the API server is killed',
    strike: async (ground) => {
      await ground.killServer()
      await ground.up()
    },
  },
  {
    what: 'everything but containers is killed',
    strike: async (ground) => {
      ground.kill(agents, containerds)
      await ground.killServer()
      await ground.up()
    },
  },
  {
    what: 'the agent is killed on a node with remains of pods that nobody knows',
    strike: async (ground) => {
      await leaveOrphan(ground)
      ground.kill(agents)
    },
  },
  { what: 'the clock is set an hour ahead', strike: setClock(hourMs) },
  { what: 'the clock is set back by an hour', before: setClock(hourMs), strike: setClock(0) },
]

/** Fails twice, with a pause after that, and succeeds then. */
const third = 'echo >> /work/runs; test $(wc -l < /work/runs) -ge 3'
const work: Partial<core.v1.PodSpec> = {
  restartPolicy: 'OnFailure',
  volumes: [{ name: 'work', emptyDir: {} }],
  containers: [
    {
      ...{ name: 'main', image, command: ['/bin/sh', '-c', third] },
      volumeMounts: [{ name: 'work', mountPath: '/work' }],
    },
  ],
}

describe.skipIf(lacksContainers.length > 0)(suiteName('faults of a node', lacksContainers), () => {
  let ground: FaultGround

  beforeAll(async () => {
    writeFileSync(clockFile, '0')
    ground = await FaultGround.create({
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'support/settable-clock.mjs')}`,
      TEST_CLOCK_FILE: clockFile,
    })
  })
  afterAll(async () => {
    await ground?.dispose()
    rmSync(clock, { recursive: true })
  })

  test.each(faults)(
    '$what: pods end as their specs say, and leave nothing',
    async ({ before: prepare, strike, endsContainers = false }) => {
      await prepare?.(ground)
      await ground.create('failing', '', work)
      await ground.create('steady', forever)
      await ground.create('leaving', 'trap "sleep 1; exit 0" TERM; sleep 10000 & wait')
      await ground.create('working', 'sleep 4; exit 0', { restartPolicy: 'Never' })
      const before = await ground.running('steady')
      await ground.running('leaving')
      await ground.phase('working', 'Running')
      await ground.delete('leaving')
      await ground.create('coming', forever)
      await strike(ground)
      await ground.gone('leaving')
      await ground.running('coming')
      const working = await ground.phase('working', 'Succeeded', 'Failed')
      const after = await ground.running('steady', ({ restartCount }) => restartCount > 0 === endsContainers)
      if (endsContainers) expect(after.containerID).not.toBe(before.containerID)
      else {
        expect(working.status?.phase).toBe('Succeeded')
        expect(after.containerID).toBe(before.containerID)
      }
      await ground.phase('failing', 'Succeeded')
      const names = ['failing', 'steady', 'coming', 'working']
      await ground.delete(...names)
      await ground.gone(...names)
      await ground.nothingLeft()
    },
  )
})
