import { type CpuSet, sortedCpus } from './cpu-set.ts'

/** Where a processor is. */
export interface CpuPlace {
  /** The lowest number of the processors (threads) of its core. */
  readonly core: number
  readonly socket: number
  /** NUMA. */
  readonly node: number
  /** The outermost cache that not all of the node's processors share; its socket where there is none. */
  readonly cache: number
}

export type CpuLevel = keyof CpuPlace

/** Processors with their places. */
export type CpuPlaces = ReadonlyMap<number, CpuPlace>

/** The processors of a machine that it may use. */
export interface CpuTopology {
  readonly places: CpuPlaces
  readonly cpus: CpuSet
  readonly socketCount: number
  readonly nodes: readonly number[]
  readonly cpusPerCore: number
  readonly cpusPerSocket: number
  readonly cpusPerCache: number
}

/** The numbers of what these processors are in, in order. */
export const idsOf = (places: CpuPlaces, level: CpuLevel): readonly number[] =>
  sortedCpus(new Set([...places.values()].map((place) => place[level])))

/** The processors of some sockets, nodes, caches or cores. */
export const cpusIn = (places: CpuPlaces, level: CpuLevel, ids: Iterable<number>): ReadonlySet<number> => {
  const wanted = new Set(ids)
  return new Set([...places].filter(([, place]) => wanted.has(place[level])).map(([cpu]) => cpu))
}

/** The numbers of what is in something bigger: the cores of a socket. */
export const idsIn = (places: CpuPlaces, level: CpuLevel, within: CpuLevel, id: number): readonly number[] =>
  sortedCpus(
    new Set([...places.values()].filter((place) => place[within] === id).map((place) => place[level])),
  )

export function cpuTopology(places: CpuPlaces): CpuTopology {
  const per = (level: CpuLevel): number => Math.floor(places.size / Math.max(idsOf(places, level).length, 1))
  return {
    places,
    cpus: new Set(places.keys()),
    socketCount: idsOf(places, 'socket').length,
    nodes: idsOf(places, 'node'),
    cpusPerCore: per('core'),
    cpusPerSocket: per('socket'),
    cpusPerCache: per('cache'),
  }
}
