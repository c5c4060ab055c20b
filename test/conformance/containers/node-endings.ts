import { expect } from 'vitest'
import { type ContainerGround, mainStatus } from '../support/container-ground.ts'
import { forever, scripted, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

/** The message that a container leaves when it ends. */
const leaves =
  (phase: string, expected: string, script: string, container: object): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(scriptPod('leaves', script, { container }))
    const pod = await ground.ended(name)
    expect(pod.status.phase).toBe(phase)
    expect(mainStatus(pod).state.terminated?.message ?? '').toBe(expected)
  }

const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' }

/** Fails once, succeeds once, then runs on. */
const thrice = `
echo again >> /count/file
case $(wc -l < /count/file) in 1) exit 1 ;; 2) exit 0 ;; esac
${forever}`

const ends =
  (restartPolicy: string, phase: string, expected: object): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(
      scriptPod(restartPolicy.toLowerCase(), thrice, {
        container: { volumeMounts: [{ name: 'count', mountPath: '/count' }] },
        spec: { restartPolicy, volumes: [{ name: 'count', emptyDir: { medium: 'Memory' } }] },
      }),
    )
    await ground.podWhen(name, (pod) => {
      expect(pod.status.phase).toBe(phase)
      expect(mainStatus(pod)).toMatchObject(expected)
    })
    await ground.api.delete(ground.path(`pods/${name}`))
    await ground.gone(name)
  }

const expectedEnds: Behave<ContainerGround> = async (ground) => {
  const terminated = { terminated: { exitCode: 0, reason: 'Completed' } }
  await Promise.all([
    ends('Always', 'Running', { restartCount: 2, ready: true, state: { running: expect.anything() } })(
      ground,
    ),
    ends('OnFailure', 'Succeeded', { restartCount: 1, ready: false, state: terminated })(ground),
    ends('Never', 'Failed', {
      restartCount: 0,
      ready: false,
      state: { terminated: { exitCode: 1, reason: 'Error' } },
    })(ground),
  ])
}

const alwaysFails = (name: string) => scriptPod(name, 'false', { spec: { restartPolicy: 'Always' } })

const reasoned: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(alwaysFails('fails'))
  await ground.podWhen(name, (pod) => {
    const { state, lastState } = mainStatus(pod)
    const { exitCode, reason } = state.terminated ?? lastState.terminated ?? {}
    expect({ exitCode, reason }).toEqual({ exitCode: 1, reason: 'Error' })
  })
}

const removable: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(alwaysFails('fails'))
  await ground.api.delete(ground.path(`pods/${name}`))
  await ground.gone(name)
}

const initialized = (status: string) => (conditions: unknown) =>
  expect(conditions).toContainEqual(expect.objectContaining({ type: 'Initialized', status }))

/** Two init containers, then the main one. */
const initPod = (restartPolicy: string, first: string, main: string) =>
  scriptPod('init', main, {
    spec: {
      restartPolicy,
      initContainers: [scripted('init1', first), scripted('init2', 'true')],
    },
  })

const initsRun =
  (restartPolicy: string, phase: string, main: string): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(initPod(restartPolicy, 'true', main))
    const { status } = await ground.podWhen(name, (pod) => {
      expect(pod.status.phase).toBe(phase)
      initialized('True')(pod.status.conditions)
    })
    const inits = status.initContainerStatuses ?? []
    expect(inits.map(({ name: init, ready, state }) => [init, ready, state.terminated?.exitCode])).toEqual([
      ['init1', true, 0],
      ['init2', true, 0],
    ])
  }

const notStarted = { started: false, ready: false, state: { waiting: { reason: 'PodInitializing' } } }

/** The failing one starts again and again; nothing after it ever does. */
const initFailsAlways: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(initPod('Always', 'false', forever))
  const { status } = await ground.podWhen(name, (pod) => {
    const [first] = pod.status.initContainerStatuses ?? []
    expect(first?.restartCount).toBeGreaterThanOrEqual(2)
  })
  const [first, second] = status.initContainerStatuses ?? []
  expect(first?.state.terminated?.exitCode ?? first?.lastState.terminated?.exitCode).toBe(1)
  expect(second).toMatchObject({ restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } })
  expect(status.containerStatuses).toMatchObject([notStarted])
  expect(status.phase).toBe('Pending')
  expect(status.conditions).toContainEqual(
    expect.objectContaining({
      type: 'Initialized',
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [init1 init2]',
    }),
  )
}

const initFailsNever: Behave<ContainerGround> = async (ground) => {
  const pod = initPod('Never', 'true', forever)
  const initContainers = [scripted('init1', 'true'), scripted('init2', 'exit 3')]
  const name = await ground.start({ ...pod, spec: { ...pod.spec, initContainers } })
  const { status } = await ground.ended(name)
  expect(status.phase).toBe('Failed')
  const [first, second] = status.initContainerStatuses ?? []
  expect(first?.state.terminated?.exitCode).toBe(0)
  expect(second).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 3 } } })
  expect(status.containerStatuses).toMatchObject([{ started: false, ready: false }])
  initialized('False')(status.conditions)
}

const runtime = '[sig-node] Container Runtime blackbox test'
const onEnd = (what: string) => `${runtime} on terminated container should report ${what} [NodeConformance]`
const inits = (what: string) => `[sig-node] InitContainer [NodeConformance] should ${what}`
const busybox = '[sig-node] Kubelet when scheduling a busybox command'

/** How containers end, what they leave, and who comes after them. */
export const nodeEndings: Table<ContainerGround> = {
  [inits('not start app containers if init containers fail on a RestartAlways pod')]: initFailsAlways,
  [inits('not start app containers and fail the pod if init containers fail on a RestartNever pod')]:
    initFailsNever,
  [inits('invoke init containers on a RestartAlways pod')]: initsRun('Always', 'Running', forever),
  [inits('invoke init containers on a RestartNever pod')]: initsRun('Never', 'Succeeded', 'true'),
  [`${runtime} when starting a container that exits should run with the expected status [NodeConformance]`]:
    expectedEnds,
  [onEnd(
    'termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set',
  )]: leaves('Succeeded', '', 'echo DONE', fallback),
  [onEnd(
    'termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set',
  )]: leaves('Succeeded', 'OK', 'echo DONE; echo -n OK > /dev/termination-log', fallback),
  [onEnd('termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set')]:
    leaves('Failed', 'DONE', 'echo -n DONE; false', fallback),
  [onEnd('termination message if TerminationMessagePath is set as non-root user and at a non-default path')]:
    leaves('Succeeded', 'DONE', 'echo -n DONE > /dev/termination-custom-log', {
      terminationMessagePath: '/dev/termination-custom-log',
      securityContext: { runAsUser: 10000 },
    }),
  [`${busybox} in a pod should print the output to logs [NodeConformance]`]: async (ground) =>
    expect(await ground.output(scriptPod('says', "echo 'Hello World'; sleep 1"))).toBe('Hello World\n'),
  [`${busybox} that always fails in a pod should have an terminated reason [NodeConformance]`]: reasoned,
  [`${busybox} that always fails in a pod should be possible to delete [NodeConformance]`]: removable,
}
