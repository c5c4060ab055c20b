import type { Fields } from './fields.ts'
import { createAny, updateAny } from './operations/any-object.ts'
import { barrier, sleep } from './operations/barrier.ts'
import { churn } from './operations/churn.ts'
import { startCollecting, stopCollecting } from './operations/collecting.ts'
import { allocateClaims, createClaims, createDriver } from './operations/devices.ts'
import { createNamespaces, createNodes } from './operations/ground.ts'
import { createPodSets, createPods, deletePods } from './operations/pods.ts'
import type { Run } from './run.ts'

/** Resolves when the next operation may begin; what goes on beside it is given to `run.background`. */
export type Operation = (run: Run) => Promise<void>

/** Where an operation stands. */
export interface Place {
  /** In its case. */
  readonly index: number
  /** Of the file: paths start there. */
  readonly folder: string
  /** Of pods whose operation names none. */
  readonly podTemplate: string | undefined
}

export type OperationReader = (fields: Fields, place: Place) => Operation

const readers: Readonly<Record<string, OperationReader>> = {
  allocResourceClaims: allocateClaims,
  barrier,
  churn,
  createAny,
  createNamespaces,
  createNodes,
  createPodSets,
  createPods,
  createResourceClaims: createClaims,
  createResourceDriver: createDriver,
  deletePods,
  sleep,
  startCollectingMetrics: startCollecting,
  stopCollectingMetrics: stopCollecting,
  updateAny,
}

export function readOperation(fields: Fields, place: Place): Operation {
  const opcode = fields.needed('opcode')
  const read = readers[opcode]
  if (read === undefined) throw fields.error(`the opcode ${opcode} is not known`)
  const operation = read(fields, place)
  fields.end()
  return operation
}
