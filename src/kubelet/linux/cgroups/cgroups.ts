import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type QosClass, qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { runProgram } from '../../../base/host/run-program.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { PodCgroups } from '../../pod/pod-context.ts'
import { cpuShares } from '../../pod/runtime-config/container-resources.ts'
import { classMemoryQuality } from '../../pod/runtime-config/memory-quality.ts'
import {
  type CgroupLimits,
  cgroupDirectory,
  cgroupName,
  cgroupPath,
  podCgroupLimits,
  podCgroupPath,
} from '../../pod/runtime-config/pod-cgroup.ts'
import { type MachineLimits, withoutCpuLimits } from '../../pod/runtime-config/resource-rules.ts'
import {
  filesBesideSlice,
  filesV1,
  filesV2,
  type GroupFile,
  readLimitsV1,
  readLimitsV2,
  sliceProperties,
} from './cgroup-files.ts'
import { ClassTotals } from './class-totals.ts'
import type { GroupRoot } from './group-usage.ts'

type Pod = core.v1.Pod

const usualMountPoint = '/sys/fs/cgroup'
/** Hierarchies of version 1 that pods' limits live in; the OCI runtime makes its own directories in the others. */
const limitedControllers = ['cpu', 'memory', 'pids', 'hugetlb']
/** Those that a group must be in that somebody else made, as far as they are mounted; upstream's. */
const neededV1 = ['cpu', 'cpuacct', 'cpuset', 'memory', 'systemd', 'pids', 'hugetlb']
const neededV2 = ['cpu', 'cpuset', 'memory', 'hugetlb', 'pids']
/** Huge pages of a class of service are not limited. */
const unbounded = 2 ** 62
const delegatedControllers = ['cpu', 'memory', 'pids', 'cpuset', 'io', 'hugetlb']
const removeTries = 50
const removePauseMs = 20

const plainMachine = {
  ...{ memoryBytes: 0, podMemoryBytes: 0, swapBytes: 0, pageBytes: 0 },
  ...{ swapAccounting: false, hugepageSizes: [], rules: {} },
}

export interface CgroupsOptions {
  /** Groups above `kubepods`: keeps nodes of one machine apart. */
  readonly prefix: readonly string[]
  readonly driver: 'cgroupfs' | 'systemd'
  /** Processor time and memory alone are limited where it is absent. */
  readonly machine?: MachineLimits
  /** Whether a pod has processors for itself, so that their time is not limited. */
  readonly ownsCpus?: (podUid: string) => boolean
  /** `/sys/fs/cgroup` when absent. */
  readonly mountPoint?: string
}

/** One hierarchy for all controllers (version 2)? */
export async function isCgroupV2(mountPoint = usualMountPoint): Promise<boolean> {
  return exists(join(mountPoint, 'cgroup.controllers'))
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Version 1: those with a hierarchy of their own. */
async function mountedControllers(root: string): Promise<readonly string[]> {
  const there = await Promise.all(limitedControllers.map((controller) => exists(join(root, controller))))
  return limitedControllers.filter((_, index) => there[index])
}

/** The groups of a node's pods: by class of service, then by pod, in version 1 and 2 of the kernel's interface. */
export class Cgroups implements PodCgroups {
  readonly #options: CgroupsOptions
  readonly #v2: boolean
  readonly #mountPoint: string
  readonly #machine: MachineLimits
  /** What the kernel can limit here. */
  readonly #controllers: readonly string[]
  /** Pods that have their group. */
  readonly #pods = new ClassTotals()
  readonly #limits = new Map<string, CgroupLimits>()
  /** What the groups of classes were last held to. */
  readonly #classes = new Map<QosClass, Partial<CgroupLimits>>()
  #classTurn: Promise<void> = Promise.resolve()

  private constructor(options: CgroupsOptions, v2: boolean, controllers: readonly string[]) {
    this.#options = options
    this.#v2 = v2
    this.#controllers = controllers
    this.#machine = options.machine ?? { ...plainMachine, cgroupV2: v2 }
    this.#mountPoint = options.mountPoint ?? usualMountPoint
  }

  static async open(options: CgroupsOptions): Promise<Cgroups> {
    const v2 = await isCgroupV2(options.mountPoint)
    const root = options.mountPoint ?? usualMountPoint
    return new Cgroups(options, v2, await (v2 ? controllersOf(root) : mountedControllers(root)))
  }

  get rootName(): string {
    return cgroupName([...this.#options.prefix, 'kubepods'], this.#options.driver)
  }

  async start(limits: Partial<CgroupLimits>): Promise<void> {
    const root = [...this.#options.prefix, 'kubepods']
    await this.#apply(root, limits)
    const { hugepageSizes } = this.#machine
    const hugepages = Object.fromEntries(hugepageSizes.map((size) => [size, unbounded]))
    for (const qos of ['Burstable', 'BestEffort'] as const) {
      await this.#apply([...root, qos.toLowerCase()], { hugepages })
      await this.#applyClass(qos)
    }
  }

  async hold(name: string, limits: Partial<CgroupLimits>): Promise<void> {
    const path = cgroupPath(name, this.#options.driver)
    const directory = cgroupDirectory(path, this.#options.driver)
    const quoted = `[${path.map(goQuote).join(' ')}]`
    if (this.#v2) {
      const there = await controllersOf(join(this.#mountPoint, directory)).catch((error: unknown) => {
        throw new Error(`could not read controllers for cgroup ${quoted}: ${messageOf(error)}`)
      })
      const all = await controllersOf(this.#mountPoint)
      const missing = neededV2.filter((each) => all.includes(each) && !there.includes(each)).sort()
      if (missing.length > 0)
        throw new Error(`cgroup ${quoted} has some missing controllers: ${missing.join(', ')}`)
    } else {
      const mounted = await readdir(this.#mountPoint)
      const paths = neededV1
        .filter((each) => mounted.includes(each))
        .map((each) => join(this.#mountPoint, each, directory))
      const found = await Promise.all(paths.map(exists))
      const missing = paths.filter((_, index) => !found[index])
      if (missing.length > 0)
        throw new Error(`cgroup ${quoted} has some missing paths: ${missing.join(', ')}`)
    }
    await this.#write(path, limits)
  }

  get root(): GroupRoot {
    return { mountPoint: this.#mountPoint, isV2: this.#v2 }
  }

  get driver(): CgroupsOptions['driver'] {
    return this.#options.driver
  }

  /** Of all pods, below a hierarchy's root. */
  get podsDirectory(): string {
    return cgroupDirectory([...this.#options.prefix, 'kubepods'], this.#options.driver)
  }

  directoryOf(pod: Pod): string {
    return cgroupDirectory(this.#path(pod), this.#options.driver)
  }

  parent(pod: Pod): string {
    return cgroupName(this.#path(pod), this.#options.driver)
  }

  async ensure(pod: Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? ''
    if (this.#pods.has(uid)) return
    const qos = this.#pods.set(uid, pod)
    try {
      this.#limits.set(uid, await this.#ensurePod(this.#path(pod), this.#limitsOf(pod)))
      if (qos !== 'Guaranteed' || this.#protectsMemory) await this.#applyClass(qos)
    } catch (error) {
      this.#pods.delete(uid)
      throw error
    }
  }

  #limitsOf(pod: Pod): CgroupLimits {
    const owns = this.#options.ownsCpus?.(pod.metadata?.uid ?? '') ?? false
    return podCgroupLimits(pod, withoutCpuLimits(this.#machine, owns))
  }

  limits(podUid: string): CgroupLimits | undefined {
    return this.#limits.get(podUid)
  }

  async resize(pod: Pod, limits: Partial<CgroupLimits>): Promise<void> {
    const uid = pod.metadata?.uid ?? ''
    const qos = this.#pods.set(uid, pod)
    await this.#write(this.#path(pod), limits)
    const before = this.#limits.get(uid) ?? this.#limitsOf(pod)
    this.#limits.set(uid, { ...before, ...limits })
    if (limits.cpuShares !== undefined && qos === 'Burstable') await this.#applyClass(qos)
  }

  async remove(podUid: string): Promise<void> {
    const qos = this.#pods.delete(podUid)
    this.#limits.delete(podUid)
    const classes: readonly QosClass[] = qos === undefined ? ['Guaranteed', 'Burstable', 'BestEffort'] : [qos]
    for (const each of classes) await this.#remove([...this.#options.prefix, ...podCgroupPath(podUid, each)])
    if (qos === undefined) return
    if (qos === 'Burstable' || this.#protectsMemory) await this.#applyClass(qos)
  }

  async found(): Promise<readonly string[]> {
    const { prefix, driver } = this.#options
    const uids: string[] = []
    for (const qos of [[], ['burstable'], ['besteffort']]) {
      const directory = cgroupDirectory([...prefix, 'kubepods', ...qos], driver)
      const names = await readdir(join(this.#mountPoint, this.#v2 ? '' : 'cpu', directory)).catch(() => [])
      uids.push(...names.flatMap((name) => podUidOf(name) ?? []))
    }
    return uids
  }

  /** Removes the groups of all pods: what a node leaves behind that is switched off. */
  async removeAll(): Promise<void> {
    this.#pods.clear()
    this.#limits.clear()
    this.#classes.clear()
    await this.#remove([...this.#options.prefix, 'kubepods'])
    for (let depth = this.#options.prefix.length; depth > 0; depth--) {
      await this.#remove(this.#options.prefix.slice(0, depth))
    }
  }

  #path(pod: Pod): readonly string[] {
    return [...this.#options.prefix, ...podCgroupPath(pod.metadata?.uid ?? '', qosClass(pod))]
  }

  get #protectsMemory(): boolean {
    return this.#v2 && this.#machine.rules.memoryQuality !== undefined
  }

  /** The groups above a pod of this class follow what all of them request; one after another, so that the newest stays. */
  #applyClass(qos: QosClass): Promise<void> {
    const turn = this.#classTurn.then(() => this.#applyClassNow(qos))
    this.#classTurn = turn.catch(() => {})
    return turn
  }

  async #applyClassNow(qos: QosClass): Promise<void> {
    const root = [...this.#options.prefix, 'kubepods']
    const [guaranteed, burstable] = [this.#pods.requested('Guaranteed'), this.#pods.requested('Burstable')]
    const quality = classMemoryQuality(
      { guaranteed: guaranteed.memory, burstable: burstable.memory },
      this.#machine,
    )
    if (quality !== undefined) await this.#write(root, { unified: quality.all })
    if (qos === 'Guaranteed') return
    const unified = qos === 'Burstable' ? quality?.burstable : undefined
    const shares = { cpuShares: cpuShares(qos === 'BestEffort' ? 0 : burstable.cpu) }
    const limits = unified === undefined ? shares : { ...shares, unified }
    // Most pods that come and go change nothing for their class.
    if (jsonEqual(this.#classes.get(qos), limits)) return
    this.#classes.delete(qos)
    await this.#apply([...root, qos.toLowerCase()], limits)
    this.#classes.set(qos, limits)
  }

  /** What runs since before the agent keeps its limits, until it is resized; what the group is held to. */
  async #ensurePod(path: readonly string[], limits: CgroupLimits): Promise<CgroupLimits> {
    const directory = cgroupDirectory(path, this.#options.driver)
    const hierarchy = this.#v2 ? '' : 'cpu'
    if (!(await exists(join(this.#mountPoint, hierarchy, directory)))) {
      await this.#apply(path, limits)
      return limits
    }
    const read = async (controller: string, file: string): Promise<string> =>
      (await readFile(join(this.#mountPoint, controller, directory, file), 'utf8')).trim()
    return this.#v2 ? readLimitsV2(read, limits) : readLimitsV1(read)
  }

  async #apply(path: readonly string[], limits: Partial<CgroupLimits>): Promise<void> {
    await this.#make(path)
    await this.#write(path, limits)
  }

  async #make(path: readonly string[]): Promise<void> {
    if (this.#options.driver === 'systemd') {
      await runProgram('systemctl', ['start', cgroupName(path, 'systemd')])
      return
    }
    const directory = cgroupDirectory(path, 'cgroupfs')
    if (this.#v2) return this.#makeV2(directory)
    await Promise.all(
      this.#controllers.map((controller) =>
        mkdir(join(this.#mountPoint, controller, directory), { recursive: true }),
      ),
    )
  }

  async #makeV2(directory: string): Promise<void> {
    const parts = directory.split('/')
    for (let depth = 0; depth < parts.length; depth++) {
      const above = join(this.#mountPoint, ...parts.slice(0, depth))
      await mkdir(join(above, parts[depth] ?? ''), { recursive: true })
      await delegate(above)
    }
  }

  async #write(path: readonly string[], limits: Partial<CgroupLimits>): Promise<void> {
    const { driver } = this.#options
    const { hugepages: _, ...others } = limits
    const known = this.#controllers.includes('hugetlb') ? limits : others
    if (driver === 'systemd') {
      const properties = sliceProperties(known, this.#v2)
      if (properties.length > 0)
        await runProgram('systemctl', ['set-property', '--runtime', cgroupName(path, driver), ...properties])
      await this.#writeFiles(path, filesBesideSlice(known, this.#v2))
    } else await this.#writeFiles(path, this.#v2 ? filesV2(known) : filesV1(known))
  }

  async #writeFiles(path: readonly string[], files: readonly GroupFile[]): Promise<void> {
    const directory = cgroupDirectory(path, this.#options.driver)
    for (const [controller, file, value] of files)
      await writeFile(join(this.#mountPoint, controller, directory, file), value)
  }

  async #remove(path: readonly string[]): Promise<void> {
    const { driver } = this.#options
    if (driver === 'systemd') {
      const name = cgroupName(path, 'systemd')
      await runProgram('systemctl', ['stop', name]).catch(() => undefined)
      await runProgram('systemctl', ['revert', name]).catch(() => undefined)
    }
    const directory = cgroupDirectory(path, driver)
    const hierarchies = this.#v2 ? [''] : await readdir(this.#mountPoint)
    await Promise.all(
      hierarchies.map((hierarchy) => removeTree(join(this.#mountPoint, hierarchy, directory))),
    )
  }
}

const controllersOf = async (directory: string): Promise<readonly string[]> =>
  (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/)

/** Of a pod's group, however the driver calls it: slices have `_` for `-`. */
export const podUidOf = (name: string): string | undefined =>
  /^(?:kubepods-(?:(?:burstable|besteffort)-)?|.*-kubepods-(?:(?:burstable|besteffort)-)?)?pod([^.]+?)(?:\.slice)?$/
    .exec(name)?.[1]
    ?.replaceAll('_', '-')

/** Lets the groups below a directory have its controllers. */
async function delegate(directory: string): Promise<void> {
  const available = await controllersOf(directory)
  const enabled = (await readFile(join(directory, 'cgroup.subtree_control'), 'utf8')).trim().split(' ')
  const wanted = delegatedControllers.filter((name) => available.includes(name) && !enabled.includes(name))
  if (wanted.length === 0) return
  await writeFile(join(directory, 'cgroup.subtree_control'), wanted.map((name) => `+${name}`).join(' '))
}

/** Groups go from the bottom up; the kernel may take a moment to see that one is empty. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name))
  for (let tries = 0; tries < removeTries; tries++) {
    try {
      await rmdir(directory)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      if (code !== 'EBUSY' || tries === removeTries - 1) throw error
      await delay(removePauseMs)
    }
  }
}
