import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { podUidLabel } from './labels.ts'
import type { ContainerConfig, SandboxConfig } from './messages.ts'
import type { Runtime, StreamRequest } from './runtime.ts'

/** A runtime with an image whose shell knows `sleep`, `true`, `false`, `echo` and `exit`. */
export interface RuntimeUnderTest {
  readonly runtime: Runtime
  readonly image: string
  /** Pods get this network: their own needs one that is set up. */
  readonly network: 'POD' | 'NODE'
  readonly logDirectory: string
  readonly cgroupParent: string
  /** For a runtime without a shell: a command that lasts, and one that ends with code 3 a while after its start. */
  readonly commands?: { readonly lasting: readonly string[]; readonly failing: readonly string[] }
  /** What it cannot do. */
  readonly without?: 'exec'
  /** Lets this much time pass. */
  readonly pass: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

const decoder = new TextDecoder()
const silent: StreamRequest = { tty: false, stdin: false, stdout: true, stderr: true }

export function sandboxOf(subject: RuntimeUnderTest, name: string): SandboxConfig {
  return {
    metadata: { name, uid: `uid-${name}`, namespace: 'conformance', attempt: 0 },
    hostname: subject.network === 'NODE' ? '' : name,
    logDirectory: `${subject.logDirectory}/${name}`,
    portMappings: [],
    labels: { [podUidLabel]: `uid-${name}`, colour: 'green' },
    annotations: { note: 'kept' },
    linux: {
      cgroupParent: subject.cgroupParent,
      sysctls: {},
      securityContext: { namespaceOptions: { network: subject.network, pid: 'CONTAINER', ipc: 'POD' } },
    },
  }
}

export function containerOf(
  subject: RuntimeUnderTest,
  name: string,
  command: readonly string[],
): ContainerConfig {
  return {
    metadata: { name, attempt: 2 },
    image: { image: subject.image, userSpecifiedImage: subject.image },
    command,
    args: [],
    workingDir: '',
    envs: [{ key: 'GREETING', value: new TextEncoder().encode('hello') }],
    mounts: [],
    labels: { [podUidLabel]: 'uid-pod' },
    annotations: { 'io.kubernetes.container.restartCount': '2' },
    logPath: `${name}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: {
      resources: { cpuShares: 2, oomScoreAdj: 1000 },
      securityContext: {
        privileged: false,
        namespaceOptions: { network: subject.network, pid: 'CONTAINER', ipc: 'POD' },
        readonlyRootfs: false,
        supplementalGroups: [],
        noNewPrivs: false,
        maskedPaths: [],
        readonlyPaths: [],
      },
    },
  }
}

/** The one suite that every implementation of Runtime passes. */
export function describeRuntime(name: string, make: () => Promise<RuntimeUnderTest>): void {
  describe(name, () => {
    let subject: RuntimeUnderTest
    let runtime: Runtime
    let lasting: readonly string[]

    beforeAll(async () => {
      subject = await make()
      runtime = subject.runtime
      lasting = subject.commands?.lasting ?? ['sleep', '1000']
    }, 60_000)
    afterAll(() => subject.close(), 60_000)

    /** Waits until something holds. */
    async function until(holds: () => Promise<boolean>): Promise<void> {
      for (let tries = 0; tries < 100; tries++) {
        if (await holds()) return
        await subject.pass(100)
      }
      expect.fail('it did not happen')
    }

    const started = async (pod: string, command: readonly string[]): Promise<readonly [string, string]> => {
      const sandbox = sandboxOf(subject, pod)
      const sandboxId = await runtime.runPodSandbox(sandbox, '')
      const id = await runtime.createContainer(sandboxId, containerOf(subject, 'main', command), sandbox)
      await runtime.startContainer(id)
      return [sandboxId, id]
    }

    test('it says what it is and that it is ready', async () => {
      expect((await runtime.version()).runtimeName).not.toBe('')
      const { conditions } = await runtime.status()
      expect(conditions.find(({ type }) => type === 'RuntimeReady')?.status).toBe(true)
    })

    test('a sandbox is ready, keeps what it was made with, and is found by its labels', async () => {
      const id = await runtime.runPodSandbox(sandboxOf(subject, 'alone'), '')
      const status = await runtime.podSandboxStatus(id)
      expect(status.state).toBe('SANDBOX_READY')
      expect(status.metadata).toEqual(sandboxOf(subject, 'alone').metadata)
      expect(status.labels.colour).toBe('green')
      expect(status.annotations.note).toBe('kept')
      expect(status.linux?.namespaces?.options?.network).toBe(subject.network)
      const found = await runtime.listPodSandbox({ labelSelector: { [podUidLabel]: 'uid-alone' } })
      expect(found.map((sandbox) => sandbox.id)).toEqual([id])
      expect(await runtime.listPodSandbox({ labelSelector: { [podUidLabel]: 'nobody' } })).toEqual([])
      await runtime.stopPodSandbox(id)
      expect((await runtime.podSandboxStatus(id)).state).toBe('SANDBOX_NOTREADY')
      await runtime.removePodSandbox(id)
      await expect(runtime.podSandboxStatus(id)).rejects.toMatchObject({ code: 'NotFound' })
      await runtime.stopPodSandbox(id)
      await runtime.removePodSandbox(id)
    })

    test('a container goes from created through running to exited', async () => {
      const sandbox = sandboxOf(subject, 'pod')
      const sandboxId = await runtime.runPodSandbox(sandbox, '')
      const config = containerOf(subject, 'main', lasting)
      const id = await runtime.createContainer(sandboxId, config, sandbox)
      expect((await runtime.containerStatus(id)).state).toBe('CONTAINER_CREATED')
      await runtime.startContainer(id)
      const running = await runtime.containerStatus(id)
      expect(running.state).toBe('CONTAINER_RUNNING')
      expect(running.metadata).toEqual({ name: 'main', attempt: 2 })
      expect(running.annotations['io.kubernetes.container.restartCount']).toBe('2')
      expect(running.startedAt).toBeGreaterThanOrEqual(running.createdAt)
      expect(running.logPath).toBe(`${sandbox.logDirectory}/main.log`)
      const listed = await runtime.listContainers({ podSandboxId: sandboxId })
      expect(listed.map((container) => container.id)).toEqual([id])
      const stopping = runtime.stopContainer(id, 1)
      await subject.pass(1500)
      await stopping
      const stopped = await runtime.containerStatus(id)
      expect(stopped.state).toBe('CONTAINER_EXITED')
      expect([137, 143]).toContain(stopped.exitCode)
      expect(stopped.finishedAt).toBeGreaterThanOrEqual(stopped.startedAt)
      await runtime.removeContainer(id)
      await expect(runtime.containerStatus(id)).rejects.toMatchObject({ code: 'NotFound' })
      await runtime.removeContainer(id)
      await runtime.stopContainer(id, 0)
      await runtime.removePodSandbox(sandboxId)
    })

    test('a container that ends by itself is noticed, with its exit code and reason', async () => {
      const changed: string[] = []
      const remove = runtime.onPodChange((uid) => changed.push(uid))
      const [sandboxId, id] = await started(
        'ending',
        subject.commands?.failing ?? ['sh', '-c', 'sleep 1; exit 3'],
      )
      await until(async () => (await runtime.containerStatus(id)).state === 'CONTAINER_EXITED')
      const status = await runtime.containerStatus(id)
      expect(status.exitCode).toBe(3)
      expect(status.reason).toBe('Error')
      await until(async () => changed.length > 0)
      remove()
      await runtime.removePodSandbox(sandboxId)
    })

    test('stopping a sandbox ends its containers, removing it removes them', async () => {
      const [sandboxId, id] = await started('doomed', lasting)
      await runtime.stopPodSandbox(sandboxId)
      expect((await runtime.containerStatus(id)).state).toBe('CONTAINER_EXITED')
      await runtime.removePodSandbox(sandboxId)
      await expect(runtime.containerStatus(id)).rejects.toMatchObject({ code: 'NotFound' })
    })

    test('execSync() runs a command and gives its output and exit code', async (context) => {
      context.skip(subject.without === 'exec', 'it cannot exec')
      const [sandboxId, id] = await started('exec', lasting)
      const said = await runtime.execSync(id, ['sh', '-c', 'echo one; echo two'], 10)
      expect(decoder.decode(said.stdout)).toBe('one\ntwo\n')
      expect(said.exitCode).toBe(0)
      expect(decoder.decode((await runtime.execSync(id, ['sh', '-c', 'echo $GREETING'], 10)).stdout)).toBe(
        'hello\n',
      )
      expect((await runtime.execSync(id, ['sh', '-c', 'exit 7'], 10)).exitCode).toBe(7)
      const late = expect(runtime.execSync(id, ['sleep', '100'], 1)).rejects.toMatchObject({
        code: 'DeadlineExceeded',
      })
      await subject.pass(1500)
      await late
      await runtime.removePodSandbox(sandboxId)
    })

    test('exec() streams output and tells the exit code', async (context) => {
      context.skip(subject.without === 'exec', 'it cannot exec')
      const [sandboxId, id] = await started('stream', lasting)
      let text = ''
      const session = await runtime.exec(id, ['sh', '-c', 'echo streamed; exit 5'], silent, (_, data) => {
        text += decoder.decode(data)
      })
      await subject.pass(100)
      expect(await session.done).toEqual({ kind: 'exited', exitCode: 5 })
      expect(text).toBe('streamed\n')
      await runtime.removePodSandbox(sandboxId)
    })

    test('statistics name their containers', async () => {
      const [sandboxId, id] = await started('stats', lasting)
      const stats = await runtime.containerStats(id)
      expect(stats.attributes?.id).toBe(id)
      expect(stats.memory?.workingSetBytes?.value).toBeGreaterThanOrEqual(0)
      const all = await runtime.listContainerStats({ podSandboxId: sandboxId })
      expect(all.map(({ attributes }) => attributes?.id)).toEqual([id])
      await runtime.removePodSandbox(sandboxId)
    })

    test('images are found by name, or are not there', async () => {
      expect(await runtime.imageStatus({ image: subject.image })).toMatchObject({
        id: expect.stringMatching(/^sha256:/),
      })
      expect(await runtime.imageStatus({ image: 'nobody.example/nothing:1' })).toBeUndefined()
      expect((await runtime.listImages()).length).toBeGreaterThan(0)
    })

    test('what does not exist is not found', async () => {
      const sandbox = sandboxOf(subject, 'missing')
      const config = containerOf(subject, 'main', ['true'])
      await expect(runtime.containerStatus('nothing')).rejects.toMatchObject({ code: 'NotFound' })
      await expect(runtime.startContainer('nothing')).rejects.toMatchObject({ code: 'NotFound' })
      await expect(runtime.createContainer('nothing', config, sandbox)).rejects.toThrow()
    })
  })
}
