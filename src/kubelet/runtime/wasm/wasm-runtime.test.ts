import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { realHost } from '../../../base/host/real-host.ts'
import { sleep } from '../../../base/sleep.ts'
import { packImage } from '../../images/pack-image.ts'
import { containerOf, describeRuntime, type RuntimeUnderTest, sandboxOf } from '../conformance.ts'
import type { ContainerConfig, ContainerStatus, Mount } from '../messages.ts'
import { loadWasmImage } from './load-wasm-image.ts'
import { modules } from './testing/modules.ts'
import { WasmRuntime } from './wasm-runtime.ts'

// A thread starts in a third of a second, and in several on a machine with much else to do.
vi.setConfig({ testTimeout: 60_000 })

const image = 'docker.io/library/modules:1'

async function wasmUnderTest(): Promise<
  RuntimeUnderTest & { readonly directory: string; readonly runtime: WasmRuntime }
> {
  const directory = mkdtempSync(join(tmpdir(), 'timonel-wasm-'))
  const archive = join(directory, 'modules.tar')
  const files = Object.entries(modules).map(([path, content]) => ({ path, mode: 0o644, content }))
  writeFileSync(
    archive,
    await packImage({ name: image, architecture: 'wasm', files, entrypoint: ['/hello.wasm'] }),
  )
  const imageDirectory = join(directory, 'images')
  expect(await loadWasmImage(archive, imageDirectory)).toEqual([image])
  const runtime = new WasmRuntime({ host: realHost, imageDirectory })
  return {
    runtime,
    directory,
    image,
    network: 'POD',
    logDirectory: join(directory, 'logs'),
    cgroupParent: '',
    commands: { lasting: ['/sleeping.wasm'], failing: ['/failing.wasm'] },
    without: 'exec',
    pass: (ms) => sleep(realHost, ms),
    close: async () => {
      await runtime.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

describeRuntime('WasmRuntime', wasmUnderTest)

describe('a module', () => {
  let subject: Awaited<ReturnType<typeof wasmUnderTest>>
  let count = 0

  beforeAll(async () => {
    subject = await wasmUnderTest()
  })
  afterAll(() => subject.close())

  const create = async (
    command: readonly string[],
    change: Partial<ContainerConfig> = {},
  ): Promise<string> => {
    const sandbox = sandboxOf(subject, `pod-${count++}`)
    const sandboxId = await subject.runtime.runPodSandbox(sandbox)
    return subject.runtime.createContainer(sandboxId, { ...containerOf(subject, 'main', command), ...change })
  }

  const started = async (
    command: readonly string[],
    change: Partial<ContainerConfig> = {},
  ): Promise<string> => {
    const id = await create(command, change)
    await subject.runtime.startContainer(id)
    return id
  }

  const ended = (id: string): Promise<ContainerStatus> =>
    new Promise((resolve) => {
      const look = async (): Promise<void> => {
        const status = await subject.runtime.containerStatus(id)
        if (status.state === 'CONTAINER_EXITED') {
          remove()
          resolve(status)
        }
      }
      const remove = subject.runtime.onPodChange(() => void look())
      void look()
    })

  /** Its exit code, and its log without times. */
  const outcome = async (
    command: readonly string[],
    change: Partial<ContainerConfig> = {},
  ): Promise<readonly [number, string]> => {
    const { exitCode, logPath } = await ended(await started(command, change))
    return [exitCode, readFileSync(logPath, 'utf8').replaceAll(/^\S+ /gm, '')]
  }

  const mount = (name: string, change: Partial<Mount> = {}): Mount => {
    const hostPath = join(subject.directory, name)
    mkdirSync(hostPath, { recursive: true })
    return {
      containerPath: '/data',
      hostPath,
      readonly: false,
      propagation: 'PROPAGATION_PRIVATE',
      ...change,
    }
  }

  test('gets its arguments and its variables, and nothing of the agent’s', async () => {
    expect(await outcome(['/arguments.wasm'], { args: ['one', 'two'] })).toEqual([
      0,
      'stdout P /arguments.wasm\0one\0two\0\n',
    ])
    const [, environment] = await outcome(['/environment.wasm'])
    expect(environment).toContain('GREETING=hello\0')
    expect(environment).toContain('HOSTNAME=pod-')
    expect(environment).not.toContain('HOME=')
  })

  test('is that of the image’s entrypoint; its output is logged, its input is empty', async () => {
    const [exitCode, log] = await outcome([])
    expect(exitCode).toBe(0)
    expect(log.split('\n').toSorted()).toEqual(['', 'stderr F hello', 'stdout F hello'])
  })

  test('ends with the code that it gives, or as one that aborts', async () => {
    expect((await ended(await started(['/failing.wasm']))).exitCode).toBe(3)
    const [exitCode, log] = await outcome(['/trap.wasm'])
    expect(exitCode).toBe(134)
    expect(log).toContain('the module trapped: unreachable')
  })

  test('writes into its volumes, but not into those that are read-only', async () => {
    expect(await outcome(['/file.wasm'], { mounts: [mount('open')] })).toEqual([0, ''])
    expect(readFileSync(join(subject.directory, 'open/out.txt'), 'utf8')).toBe('written')
    const [readOnlyError] = await outcome(['/file.wasm'], { mounts: [mount('fixed', { readonly: true })] })
    expect(readOnlyError).toBe(69)
    const [noDirectory] = await outcome(['/file.wasm'])
    expect(noDirectory).toBe(8)
  })

  test('may come in a volume, with the empty image', async () => {
    const volume = mount('modules', { containerPath: '/modules' })
    writeFileSync(join(volume.hostPath, 'hello.wasm'), modules['hello.wasm'])
    const scratch = await subject.runtime.imageStatus({ image: 'scratch:latest' })
    const change = { image: { image: scratch?.id ?? '' }, mounts: [volume] }
    expect((await ended(await started(['/modules/hello.wasm'], change))).exitCode).toBe(0)
  })

  test('is killed where it is', async () => {
    const id = await started(['/busy.wasm'])
    await subject.runtime.stopContainer(id)
    expect(await subject.runtime.containerStatus(id)).toMatchObject({
      state: 'CONTAINER_EXITED',
      exitCode: 143,
      reason: 'Error',
    })
  })

  test('has no more memory than its limit, and says so', async () => {
    const { linux } = containerOf(subject, 'main', [])
    const limited = { linux: { ...linux, resources: { memoryLimitInBytes: 4 * 1024 ** 2 } } }
    expect(await ended(await started(['/greedy.wasm'], limited))).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    })
    const tiny = { linux: { ...linux, resources: { memoryLimitInBytes: 1024 } } }
    expect(await ended(await started(['/hello.wasm'], tiny))).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    })
  })

  test('that cannot run is refused with its reason', async () => {
    const volume = mount('wrong')
    writeFileSync(join(volume.hostPath, 'text.wasm'), 'not a module')
    writeFileSync(
      join(volume.hostPath, 'component.wasm'),
      Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
    )
    const mounts = [volume]
    await expect(create(['/data/text.wasm'], { mounts })).rejects.toThrow('is no WebAssembly module')
    await expect(create(['/data/component.wasm'], { mounts })).rejects.toThrow('is a component of WASI 0.2')
    await expect(create(['/data/none.wasm'], { mounts })).rejects.toThrow('no volume holds the module')
    await expect(create(['/none.wasm'])).rejects.toThrow('neither the image nor a volume holds the module')
    await expect(create(['/hello.wasm'], { workingDir: '/tmp' })).rejects.toThrow('has no working directory')
    await expect(subject.runtime.pullImage({ image: 'web:1' }, undefined)).rejects.toThrow(
      'timonel image load',
    )
    await expect(subject.runtime.execSync()).rejects.toMatchObject({ code: 'Unimplemented' })
    await expect(subject.runtime.portForward()).rejects.toMatchObject({ code: 'Unimplemented' })
  })
})
