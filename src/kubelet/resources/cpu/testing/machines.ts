import { type CpuPlace, type CpuTopology, cpuTopology } from '../cpu-topology.ts'

export interface MachineShape {
  readonly sockets: number
  readonly nodesPerSocket?: number
  readonly coresPerNode: number
  readonly threadsPerCore: number
  /** Of each outermost cache; all of a socket where absent. */
  readonly coresPerCache?: number
}

/** A machine whose processors are numbered core by core, then their second threads likewise. */
export function machine(shape: MachineShape): CpuTopology {
  const { sockets, nodesPerSocket = 1, coresPerNode, threadsPerCore } = shape
  const cores = sockets * nodesPerSocket * coresPerNode
  const coresPerCache = shape.coresPerCache ?? nodesPerSocket * coresPerNode
  const places = new Map<number, CpuPlace>()
  for (let cpu = 0; cpu < cores * threadsPerCore; cpu++) {
    const core = cpu % cores
    const node = Math.floor(core / coresPerNode)
    const socket = Math.floor(node / nodesPerSocket)
    places.set(cpu, { core, node, socket, cache: Math.floor(core / coresPerCache) })
  }
  return cpuTopology(places)
}

/** One whose sockets take turns in the numbering, as two of them with six threads each do: 0, 2, 4, 6, 8, 10 and the others. */
export const takingTurns: CpuTopology = cpuTopology(
  new Map(
    Array.from({ length: 12 }, (_, cpu) => {
      const core = cpu % 6
      return [cpu, { core, socket: core % 2, node: core % 2, cache: 0 }] as const
    }),
  ),
)

/** Two sockets of two NUMA nodes of ten cores of two threads: 80 processors. */
export const fourNodes: CpuTopology = machine({
  sockets: 2,
  nodesPerSocket: 2,
  coresPerNode: 10,
  threadsPerCore: 2,
})

export const oneSocket: CpuTopology = machine({ sockets: 1, coresPerNode: 4, threadsPerCore: 2 })
