import { access, readdir, readFile, stat, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, networkInterfaces, release } from 'node:os'
import { join } from 'node:path'
import { defined } from '../../../base/defined.ts'
import type { FileSystemState, Machine, MachineInfo, MachineState } from '../../node/machine.ts'
import { isCgroupV2 } from '../cgroups/cgroups.ts'
import { maxPids } from './max-pids.ts'

export interface LinuxMachineOptions {
  /** As the node is called. */
  readonly hostname: string
  /** Addresses to show; found out when empty. */
  readonly addresses: readonly string[]
  /** Whose file system is what pods may fill. */
  readonly directory: string
  /** Where images and containers' layers are; the same where absent. */
  readonly imageDirectory?: string
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
  arm: 'arm',
}
const usualPageBytes = 4096
const hugepageRoot = '/sys/kernel/mm/hugepages'

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )

/** Kibibytes of a line of /proc/meminfo, in bytes. */
const meminfoBytes = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024

function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = all.filter(({ family, internal }) => family === 'IPv4' && !internal)
  return [outside[0]?.address ?? '127.0.0.1']
}

async function hugepages(): Promise<ReadonlyMap<number, number>> {
  const sizes = new Map<number, number>()
  for (const name of await readdir(hugepageRoot).catch(() => [])) {
    const bytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024
    const count = Number(await readText(join(hugepageRoot, name, 'nr_hugepages')))
    if (bytes > 0) sizes.set(bytes, bytes * count)
  }
  return sizes
}

/** Whether limits count swap: the kernel may be built or started without. */
async function countsSwap(v2: boolean): Promise<boolean> {
  const own = (await readText('/proc/self/cgroup')).replace(/^0::/, '')
  const file = v2
    ? join('/sys/fs/cgroup', own, 'memory.swap.max')
    : '/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'
  return access(file).then(
    () => true,
    () => false,
  )
}

/** The kernel's auxiliary vector is pairs of words; the sixth kind is the size of a page. */
async function pageBytes(): Promise<number> {
  const words = await readFile('/proc/self/auxv')
  for (let at = 0; at + 16 <= words.length; at += 16)
    if (words.readBigUInt64LE(at) === 6n) return Number(words.readBigUInt64LE(at + 8))
  return usualPageBytes
}

async function fileSystemState(directory: string): Promise<FileSystemState> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(directory)
  return { bytes: blocks * bsize, availableBytes: bavail * bsize, inodes: files, freeInodes: ffree }
}

/** Undefined where both are on one disk, or it is not there yet. */
async function otherFileSystem(directory: string, than: string): Promise<FileSystemState | undefined> {
  const [own, other] = await Promise.all([stat(directory).catch(() => undefined), stat(than)])
  return own === undefined || own.dev === other.dev ? undefined : fileSystemState(directory)
}

/** The machine that this process runs on. */
export function linuxMachine(options: LinuxMachineOptions): Machine {
  return {
    info: async (): Promise<MachineInfo> => {
      const [meminfo, osRelease, cgroupV2] = await Promise.all([
        readText('/proc/meminfo'),
        readText('/etc/os-release'),
        isCgroupV2(),
      ])
      const machineId = await readText('/etc/machine-id')
      return {
        hostname: options.hostname,
        machineId,
        systemUuid: (await readText('/sys/class/dmi/id/product_uuid')) || machineId,
        bootId: await readText('/proc/sys/kernel/random/boot_id'),
        kernelVersion: release(),
        osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
        operatingSystem: 'linux',
        architecture: architectures[process.arch] ?? process.arch,
        cpuCount: cpus().length || availableParallelism(),
        memoryBytes: meminfoBytes(meminfo, 'MemTotal'),
        swapBytes: meminfoBytes(meminfo, 'SwapTotal'),
        pageBytes: await pageBytes(),
        maxPids: await maxPids(),
        hugepages: await hugepages(),
        cgroupV2,
        swapAccounting: await countsSwap(cgroupV2),
        appArmor: (await readText('/sys/module/apparmor/parameters/enabled')) === 'Y',
        addresses: options.addresses.length > 0 ? options.addresses : ownAddresses(),
      }
    },
    state: async (): Promise<MachineState> => {
      const { directory, imageDirectory } = options
      const [meminfo, max, loadavg, nodeFs, imageFs] = await Promise.all([
        readText('/proc/meminfo'),
        maxPids(),
        readText('/proc/loadavg'),
        fileSystemState(directory),
        imageDirectory === undefined ? undefined : otherFileSystem(imageDirectory, directory),
      ])
      const availableMemoryBytes = meminfoBytes(meminfo, 'MemAvailable')
      const running = Number(/\/(\d+) /.exec(loadavg)?.[1] ?? 0)
      return {
        availableMemoryBytes,
        nodeFs,
        ...defined({ imageFs, processes: max === 0 ? undefined : { max, running } }),
      }
    },
  }
}
