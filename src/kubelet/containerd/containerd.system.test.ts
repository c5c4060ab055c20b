import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { packImage } from '../images/pack-image.ts'
import { Cgroups } from '../linux/cgroups/cgroups.ts'
import { mountsBelow } from '../linux/mounts.ts'
import { findProcesses } from '../linux/processes.ts'
import { CriRuntime } from '../runtime/cri/cri-runtime.ts'
import { Containerd } from './containerd.ts'
import { containerdConfig } from './containerd-config.ts'
import { hostsToml } from './registry-hosts.ts'
import { containerdBench, whyNoContainers } from './testing/containerd-bench.ts'
import { smallRegistry } from './testing/small-registry.ts'

test('containerdConfig() keeps everything to itself', () => {
  const text = containerdConfig({
    root: '/data/root',
    state: '/run/x/state',
    socket: '/run/x/containerd.sock',
    sandboxImage: 'pause:1',
    cni: { binDir: '/usr/lib/cni', confDir: '/run/x/cni' },
    registryDir: '/run/x/certs.d',
    systemdCgroup: false,
    restrictOomScoreAdj: true,
    snapshotter: 'overlayfs',
    streamAddress: '127.0.0.1',
    hugetlb: false,
    handlers: [],
  })
  expect(text).toMatchSnapshot()
})

test('hostsToml() names the endpoint, also a plain one', () => {
  expect(hostsToml({ host: 'registry.example', endpoint: 'http://127.0.0.1:5000' })).toBe(
    `server = "http://registry.example"

[host."http://127.0.0.1:5000"]
capabilities = ["pull", "resolve"]
skip_verify = true
`,
  )
})

describe.skipIf(whyNoContainers !== '')(`Containerd ${whyNoContainers}`, () => {
  test('pods outlive it, and ending it ends them even after it was killed', async () => {
    const bench = await containerdBench()
    const sandbox = {
      metadata: { name: 'survivor', uid: 'u', namespace: 'default', attempt: 0 },
      hostname: '',
      logDirectory: '',
      portMappings: [],
      labels: {},
      annotations: {},
      linux: {
        cgroupParent: '/timonel-test-containerd',
        sysctls: {},
        securityContext: {
          namespaceOptions: { network: 'NODE', pid: 'CONTAINER', ipc: 'POD' } as const,
        },
      },
    }
    const id = await bench.runtime.runPodSandbox(sandbox, '')
    const isOurs = (words: readonly string[]): boolean => words.join(' ').includes(bench.directory)
    const [containerd] = await findProcesses((words) => isOurs(words) && words.includes('--config'))
    process.kill(containerd ?? Number.NaN, 'SIGKILL')
    expect(await bench.again().start()).toBe('started')
    expect((await bench.runtime.podSandboxStatus(id)).state).toBe('SANDBOX_READY')
    const [again] = await findProcesses((words) => isOurs(words) && words.includes('--config'))
    process.kill(again ?? Number.NaN, 'SIGKILL')
    bench.runtime.close()
    await bench.containerd.stop()
    expect(await findProcesses(isOurs)).toEqual([])
    expect(await mountsBelow(bench.directory)).toEqual([])
    await rm(bench.directory, { recursive: true })
    await (await Cgroups.open({ prefix: ['timonel-test-containerd'], driver: 'cgroupfs' })).removeAll()
  })

  test('is adopted by whoever starts it next, pulls from plain registries, and leaves nothing when it ends', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'timonel-containerd-'))
    const archive = await packImage({
      name: 'ignored:1',
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      files: [{ path: 'a', mode: 0o644, content: Buffer.from('a') }],
    })
    const registry = await smallRegistry(archive)
    const make = (): Containerd =>
      new Containerd({
        root: join(directory, 'root'),
        state: join(directory, 'state'),
        cni: { binDir: '/usr/lib/cni', confDir: join(directory, 'cni') },
        sandboxImage: 'pause:1',
        registries: [
          { host: registry.address, endpoint: `http://${registry.address}` },
          { host: 'registry.example', endpoint: `http://${registry.address}` },
        ],
        streamAddress: '127.0.0.1',
        logger: silentLogger,
      })
    const containerd = make()
    expect(await containerd.start()).toBe('started')
    expect(await make().start()).toBe('adopted')
    const runtime = new CriRuntime(containerd.socket)
    const sandbox = {
      metadata: { name: '', uid: '', namespace: '', attempt: 0 },
      hostname: '',
      logDirectory: '',
      portMappings: [],
      labels: {},
      annotations: {},
      linux: { cgroupParent: '', sysctls: {}, securityContext: {} },
    }
    const own = `${registry.address}/team/app:1`
    await runtime.pullImage({ image: own }, undefined, sandbox)
    expect((await runtime.imageStatus({ image: own }))?.repoTags).toEqual([own])
    await runtime.pullImage({ image: 'registry.example/app:2' }, undefined, sandbox)
    expect(await runtime.imageStatus({ image: 'registry.example/app:2' })).toBeDefined()
    registry.failWith(404)
    await expect(
      runtime.pullImage({ image: `${registry.address}/none:1` }, undefined, sandbox),
    ).rejects.toThrow('not found')
    runtime.close()
    await registry.close()
    await containerd.stop()
    expect(await findProcesses((words) => words.join(' ').includes(directory))).toEqual([])
    expect(await mountsBelow(directory)).toEqual([])
    await rm(directory, { recursive: true })
  }, 60_000)
})
