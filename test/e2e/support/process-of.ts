import type { core } from '../../../src/api/generated/types/index.ts'
import { dataDirectory } from '../../../src/cluster/data-directory.ts'
import { nodePaths } from '../../../src/cluster/real-nodes/node-paths.ts'
import type { Machine } from './machine.ts'

/** The process of a pod's first container, for its network. */
export async function processOf(machine: Machine, { spec, status }: core.v1.Pod): Promise<string> {
  const id = status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
  const { socket } = nodePaths(dataDirectory(machine.dataDirectory).node(spec?.nodeName ?? ''))
  const tasks = await machine.succeed(['ctr', '--address', socket, '--namespace', 'k8s.io', 'tasks', 'ls'])
  return new RegExp(`^${id}\\s+(\\d+)`, 'm').exec(tasks)?.[1] ?? ''
}
