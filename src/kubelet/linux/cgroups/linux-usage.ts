import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { core } from '../../../api/generated/types/index.ts'
import { defined } from '../../../base/defined.ts'
import type { GroupUsage, InterfaceUsage, MachineUsage, UsageReader } from '../../stats/usage.ts'
import { maxPids } from '../machine/max-pids.ts'
import type { Cgroups } from './cgroups.ts'
import { groupUsage, nanosPerTick, stallOf } from './group-usage.ts'

const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** What cAdvisor passes over: the loopback, and the other ends of pods' interfaces. */
const passedOver = ['lo', 'veth', 'docker', 'nerdctl']

/** Of /proc/net/dev, or the same of a process. */
export function interfacesOf(text: string): readonly InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', figures = ''] = line.split(':')
      const numbers = figures.trim().split(/\s+/).map(Number)
      const isOurs = name.trim() !== '' && !passedOver.some((prefix) => name.trim().startsWith(prefix))
      if (!isOurs || numbers.length < 12) return []
      const traffic = (from: number) => ({
        ...{ bytes: numbers[from] ?? 0, packets: numbers[from + 1] ?? 0 },
        ...{ errors: numbers[from + 2] ?? 0, dropped: numbers[from + 3] ?? 0 },
      })
      return [{ name: name.trim(), received: traffic(0), sent: traffic(8) }]
    })
}

/** The whole machine from /proc: its outermost group tells less, and not in every version. */
async function machineGroup(): Promise<{ group: GroupUsage; bootMs: number }> {
  const [stat, meminfo, vmstat, loadavg, ...pressures] = await Promise.all([
    ...['/proc/stat', '/proc/meminfo', '/proc/vmstat', '/proc/loadavg'].map(readText),
    ...['/proc/pressure/cpu', '/proc/pressure/memory', '/proc/pressure/io'].map(readText),
  ])
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(stat ?? '')?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo ?? '')?.[1] ?? 0) * 1024
  const count = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec(vmstat ?? '')?.[1] ?? 0)
  const usageBytes = kibibytes('MemTotal') - kibibytes('MemFree')
  const inactiveFileBytes = kibibytes('Inactive\\(file\\)')
  const [cpu, memory, io] = pressures.map(stallOf)
  const swapBytes = kibibytes('SwapTotal')
  const ticks = user + nice + system + irq + softirq + steal
  return {
    bootMs: Number(/^btime (\d+)/m.exec(stat ?? '')?.[1] ?? 0) * 1000,
    group: {
      timeMs: Date.now(),
      cpuNanos: ticks * nanosPerTick,
      cpuUserNanos: (user + nice) * nanosPerTick,
      cpuSystemNanos: (ticks - user - nice) * nanosPerTick,
      memory: {
        usageBytes,
        workingSetBytes: Math.max(usageBytes - inactiveFileBytes, 0),
        rssBytes: kibibytes('AnonPages'),
        cacheBytes: kibibytes('Cached'),
        mappedFileBytes: kibibytes('Mapped'),
        activeFileBytes: kibibytes('Active\\(file\\)'),
        inactiveFileBytes,
        pageFaults: count('pgfault'),
        majorPageFaults: count('pgmajfault'),
      },
      swap: { usageBytes: swapBytes - kibibytes('SwapFree'), limitBytes: swapBytes },
      processes: Number(/\/(\d+) /.exec(loadavg ?? '')?.[1] ?? 0),
      ...(cpu === undefined ? {} : { stalls: { cpu, ...defined({ memory, io }) } }),
    },
  }
}

/** What this process has used: all of the agent that there is. */
function ownUsage(): GroupUsage {
  const { user, system } = process.cpuUsage()
  const rssBytes = process.memoryUsage.rss()
  const { minorPageFault, majorPageFault } = process.resourceUsage()
  return {
    timeMs: Date.now(),
    cpuNanos: (user + system) * 1000,
    cpuUserNanos: user * 1000,
    cpuSystemNanos: system * 1000,
    memory: {
      ...{ usageBytes: rssBytes, workingSetBytes: rssBytes, rssBytes },
      ...{ pageFaults: minorPageFault + majorPageFault, majorPageFaults: majorPageFault },
    },
  }
}

/** What this machine, its pods and their containers use, as the kernel counts it. */
export class LinuxUsage implements UsageReader {
  readonly #cgroups: Cgroups
  readonly #runtimeName: string

  /** `runtimeName`: by what the runtime calls the scopes of containers: `containerd`, `cri-o`. */
  constructor(cgroups: Cgroups, runtimeName: string) {
    this.#cgroups = cgroups
    this.#runtimeName = runtimeName
  }

  async machine(): Promise<MachineUsage> {
    const [{ group, bootMs }, devices, maxProcesses, pods] = await Promise.all([
      machineGroup(),
      readText('/proc/net/dev'),
      maxPids(),
      groupUsage(this.#cgroups.root, this.#cgroups.podsDirectory),
    ])
    const system = new Map([['kubelet', ownUsage()]])
    if (pods !== undefined) system.set('pods', pods)
    return { group, bootMs, interfaces: interfacesOf(devices), maxProcesses, system }
  }

  pod(pod: core.v1.Pod): Promise<GroupUsage | undefined> {
    return groupUsage(this.#cgroups.root, this.#cgroups.directoryOf(pod))
  }

  container(pod: core.v1.Pod, containerId: string): Promise<GroupUsage | undefined> {
    return groupUsage(this.#cgroups.root, this.groupName(pod, containerId))
  }

  async network(pod: core.v1.Pod, containerIds: readonly string[]): Promise<readonly InterfaceUsage[]> {
    const { mountPoint, isV2 } = this.#cgroups.root
    for (const id of containerIds) {
      const group = join(mountPoint, isV2 ? '' : 'memory', this.groupName(pod, id))
      const [pid] = (await readText(join(group, 'cgroup.procs'))).split('\n')
      if (pid !== undefined && pid !== '') return interfacesOf(await readText(`/proc/${pid}/net/dev`))
    }
    return []
  }

  groupName(pod: core.v1.Pod, containerId?: string): string {
    const group = `/${this.#cgroups.directoryOf(pod)}`
    if (containerId === undefined) return group
    if (this.#cgroups.driver === 'cgroupfs') return `${group}/${containerId}`
    const prefix = this.#runtimeName === 'cri-o' ? 'crio' : 'cri-containerd'
    return `${group}/${prefix}-${containerId}.scope`
  }
}
