import type { core } from '../../../api/generated/types/index.ts'
import type { ReferencedObjects } from '../../environment/environment.ts'
import type { Machine } from '../../node/machine.ts'
import type { ProbeKind } from '../../pod/plan/plan.ts'
import type { MountRequest, PodCgroups, PodFiles, PodNetwork } from '../../pod/pod-context.ts'
import type { ProbeOutcome } from '../../probes/run-probe.ts'
import type { ContainerStatus, Mount } from '../messages.ts'
import type { SimulatedRuntime } from './simulated-runtime.ts'

export interface SimulatedCapacity {
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly diskBytes: number
}

export const defaultCapacity: SimulatedCapacity = {
  cpuCount: 8,
  memoryBytes: 32 * 1024 ** 3,
  diskBytes: 100 * 1024 ** 3,
}

/** What is taken of a machine. */
interface SimulatedLoad {
  readonly usedMemoryBytes: number
  readonly usedDiskBytes: number
}

/** A machine whose memory and disk containers, images and whoever else fill. */
export function simulatedMachine(
  hostname: string,
  address: string,
  capacity: SimulatedCapacity,
  load: SimulatedLoad,
): Machine {
  const id = [...hostname].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 2 ** 48, 7)
  const hex = id.toString(16).padStart(32, '0')
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return {
    info: async () => ({
      hostname,
      machineId: hex,
      systemUuid: uuid,
      bootId: uuid,
      kernelVersion: 'simulated',
      osImage: 'Timonel simulation',
      operatingSystem: 'linux',
      architecture: 'amd64',
      cpuCount: capacity.cpuCount,
      memoryBytes: capacity.memoryBytes,
      swapBytes: 0,
      pageBytes: 4096,
      maxPids: 0,
      hugepages: new Map(),
      cgroupV2: true,
      swapAccounting: false,
      appArmor: true,
      addresses: [address],
    }),
    state: async () => ({
      availableMemoryBytes: Math.max(capacity.memoryBytes - load.usedMemoryBytes, 0),
      nodeFs: {
        bytes: capacity.diskBytes,
        availableBytes: Math.max(capacity.diskBytes - load.usedDiskBytes, 0),
        inodes: 0,
        freeInodes: 0,
      },
    }),
  }
}

/** Where the files would be that are not. */
const root = '/simulated'

export const isSimulatedPath = (path: string): boolean => path.startsWith(`${root}/`)

/** No files, but the same complaints about what is missing. */
export function simulatedFiles(objects: ReferencedObjects): PodFiles {
  return {
    mountVolumes: async (pod) => {
      for (const volume of pod.spec?.volumes ?? []) await checkVolume(objects, pod, volume)
    },
    refreshVolumes: async () => {},
    containerMounts: async ({ pod, container }: MountRequest) =>
      (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }): Mount => {
        if (!(pod.spec?.volumes ?? []).some((volume) => volume.name === name)) {
          throw new Error(`cannot find volume "${name}" to mount into container "${container.name}"`)
        }
        return {
          containerPath: mountPath,
          hostPath: `${root}/${pod.metadata?.uid}/${name}`,
          readonly: readOnly ?? false,
          propagation: 'PROPAGATION_PRIVATE',
        }
      }),
    fileVariable: async () => undefined,
    // The simulated runtime tells it as the container's message.
    terminationMessage: async (_status: ContainerStatus) => '',
    logDirectory: ({ metadata }) => `${root}/logs/${metadata?.namespace}_${metadata?.name}_${metadata?.uid}`,
    prepareLogs: async () => 0,
    removeLog: async () => {},
    unmountVolumes: async () => {},
    removePod: async () => {},
    found: async () => [],
    checkpointPath: async (archive) => `${root}/checkpoints/${archive}`,
    usage: async () => ({ logs: new Map(), volumes: new Map() }),
  }
}

async function checkVolume(
  objects: ReferencedObjects,
  pod: core.v1.Pod,
  volume: core.v1.Volume,
): Promise<void> {
  const namespace = pod.metadata?.namespace ?? ''
  const fail = (why: string): never => {
    throw new Error(`MountVolume.SetUp failed for volume "${volume.name}" : ${why}`)
  }
  const configMap = async (name = '', optional = false): Promise<void> => {
    if (!optional && (await objects.configMap(namespace, name)) === undefined) {
      fail(`configmap "${name}" not found`)
    }
  }
  const secret = async (name = '', optional = false): Promise<void> => {
    if (!optional && (await objects.secret(namespace, name)) === undefined) fail(`secret "${name}" not found`)
  }
  if (volume.configMap) await configMap(volume.configMap.name, volume.configMap.optional)
  if (volume.secret) await secret(volume.secret.secretName, volume.secret.optional)
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap) await configMap(source.configMap.name, source.configMap.optional)
    if (source.secret) await secret(source.secret.name, source.secret.optional)
  }
}

export const noCgroups: PodCgroups = {
  rootName: '',
  start: async () => {},
  hold: async () => {},
  parent: () => '',
  ensure: async () => {},
  limits: () => undefined,
  resize: async () => {},
  remove: async () => {},
  found: async () => [],
}

/** Everything answers. */
export const simulatedNetwork: PodNetwork = {
  httpGet: async () => ({ status: 200, body: '' }),
  tcpConnect: async () => {},
  grpcHealth: async () => 'SERVING',
}

/** Probes fail where the container's behaviour says so. */
export const simulatedProbes =
  (runtime: SimulatedRuntime) =>
  (kind: ProbeKind, containerId: string): ProbeOutcome | undefined =>
    runtime.behaviour(containerId)?.failingProbes.includes(kind) === true
      ? { kind: 'failure', output: 'the simulation has it fail' }
      : undefined
