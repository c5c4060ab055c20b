import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../../../base/host/find-program.ts'
import { silentLogger } from '../../../base/logger.ts'
import { type ImageRecipe, packImage } from '../../images/pack-image.ts'
import { pauseElf } from '../../images/pause-elf.ts'
import { unmountBelow } from '../../linux/mounts.ts'
import { CriRuntime } from '../../runtime/cri/cri-runtime.ts'
import { Containerd } from '../containerd.ts'

const found = (program: string): boolean =>
  findProgram(program, `${process.env['PATH'] ?? ''}:/usr/sbin`) !== undefined

const missing = [
  ...(process.getuid?.() === 0 ? [] : ['root']),
  ...['containerd', 'runc', 'ctr'].filter((program) => !found(program)),
  ...(found('/bin/busybox') || found('/usr/bin/busybox') ? [] : ['busybox-static']),
]

/** Why tests with real containers are skipped here; '' where they run. */
export const whyNoContainers = missing.length === 0 ? '' : `needs ${missing.join(', ')}`

export const shellImage = 'docker.io/library/shell:1'
export const pauseImage = 'docker.io/library/timonel-pause:1'

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const applets = [
  'sh',
  'sleep',
  'true',
  'false',
  'echo',
  'cat',
  'printenv',
  'ls',
  'id',
  'httpd',
  'nc',
  'wget',
  'kill',
  'hostname',
  'stat',
  'tar',
  'head',
  'df',
  'mount',
  'env',
  'touch',
  'ps',
  'dd',
  'nslookup',
  'ip',
  'readlink',
  'rm',
  'mkdir',
  'tail',
  'yes',
  'wc',
  'date',
  'seq',
]

async function shellRecipe(): Promise<ImageRecipe> {
  const busybox = await readFile(found('/bin/busybox') ? '/bin/busybox' : '/usr/bin/busybox')
  return {
    name: shellImage,
    architecture,
    files: [
      { path: 'bin/busybox', mode: 0o755, content: busybox },
      {
        path: 'etc/passwd',
        mode: 0o644,
        content: Buffer.from('root:x:0:0:root:/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n'),
      },
    ],
    links: applets.map((name) => ({ path: `bin/${name}`, target: '/bin/busybox' })),
    directories: [{ path: 'tmp', mode: 0o1777 }],
    command: ['sh'],
  }
}

/** A containerd of the test's own, with the sandbox image and a shell in it. */
export interface ContainerdBench {
  readonly directory: string
  readonly containerd: Containerd
  readonly runtime: CriRuntime
  /** A containerd object over the same directories, as the next process would make it. */
  readonly again: () => Containerd
  close(): Promise<void>
}

export async function containerdBench(): Promise<ContainerdBench> {
  const directory = await mkdtemp('/tmp/timonel-cri-')
  const make = (): Containerd =>
    new Containerd({
      root: join(directory, 'root'),
      state: join(directory, 'state'),
      cni: { binDir: '/usr/lib/cni', confDir: join(directory, 'cni') },
      sandboxImage: pauseImage,
      registries: [],
      streamAddress: '127.0.0.1',
      logger: silentLogger,
    })
  const containerd = make()
  await containerd.start()
  const pause: ImageRecipe = {
    name: pauseImage,
    architecture,
    files: [{ path: 'pause', mode: 0o755, content: pauseElf(architecture) }],
    entrypoint: ['/pause'],
  }
  for (const recipe of [pause, await shellRecipe()]) {
    const path = join(directory, 'image.tar')
    await writeFile(path, await packImage(recipe))
    await containerd.importImage(path)
  }
  const runtime = new CriRuntime(containerd.socket)
  while ((await runtime.imageStatus({ image: shellImage })) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    directory,
    containerd,
    runtime,
    again: make,
    close: async () => {
      for (const { id } of await runtime.listPodSandbox({})) {
        await runtime.stopPodSandbox(id)
        await runtime.removePodSandbox(id)
      }
      runtime.close()
      await containerd.stop()
      await unmountBelow(directory)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
