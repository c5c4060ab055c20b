import type { ContainerStats, SandboxConfig } from '../messages.ts'
import type { SimulatedContainer } from './state.ts'

/** What a container uses while it runs. */
export interface ContainerUsage {
  readonly cores: number
  readonly bytes: number
}

/** What is said of a container of a pod; what is not said is as its behaviour has it. */
export type SimulatedUsage = (
  sandbox: SandboxConfig,
  container: string,
) => Partial<Readonly<Record<keyof ContainerUsage, number | undefined>>> | undefined

/** Its processor time grows from one look to the next by what it uses at the second. */
export function statsOf(container: SimulatedContainer, usage: ContainerUsage, nowMs: number): ContainerStats {
  const running = container.state === 'CONTAINER_RUNNING'
  const { cores, bytes } = running ? usage : { cores: 0, bytes: 0 }
  const timestamp = nowMs * 1e6
  const lookedAt = Math.max(container.cpu.lookedAt, container.startedAt)
  container.cpu.usedNs += Math.max((running ? timestamp : lookedAt) - lookedAt, 0) * cores
  container.cpu.lookedAt = timestamp
  return {
    attributes: {
      id: container.id,
      metadata: container.config.metadata,
      labels: container.config.labels,
      annotations: container.config.annotations,
    },
    cpu: {
      timestamp,
      usageCoreNanoSeconds: { value: Math.round(container.cpu.usedNs) },
      usageNanoCores: { value: Math.round(cores * 1e9) },
    },
    memory: {
      timestamp,
      workingSetBytes: { value: Math.round(bytes) },
      usageBytes: { value: Math.round(bytes) },
      rssBytes: { value: Math.round(bytes) },
    },
    writableLayer: { timestamp, usedBytes: { value: container.diskBytes }, inodesUsed: { value: 1 } },
  }
}
