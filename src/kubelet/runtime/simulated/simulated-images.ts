import type { ContainerStats, FilesystemUsage, Image } from '../messages.ts'
import type { SimulatedContainer } from './state.ts'

/** What every simulated image is said to weigh. */
export const imageBytes = 10_000_000

/** 64 hexadecimal digits that follow from the text; not a digest of anything. */
function pseudoDigest(text: string): string {
  const words: string[] = []
  for (let word = 0; word < 8; word++) {
    let hash = 0x811c9dc5 ^ word
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    words.push((hash >>> 0).toString(16).padStart(8, '0'))
  }
  return words.join('')
}

export function imageOf(name: string): Image {
  const digest = `sha256:${pseudoDigest(name)}`
  const repository = name.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  return {
    id: digest,
    repoTags: name.includes('@') ? [] : [name],
    repoDigests: [`${repository}@${digest}`],
    size: imageBytes,
    username: '',
  }
}

export const usage = (images: number, nowMs: number): FilesystemUsage => ({
  timestamp: nowMs * 1e6,
  fsId: { mountpoint: '/simulated' },
  usedBytes: { value: images * imageBytes },
  inodesUsed: { value: images },
})

export function statsOf(container: SimulatedContainer, nowMs: number): ContainerStats {
  const running = container.state === 'CONTAINER_RUNNING'
  const { cpuMillicores, memoryBytes } = container.behaviour
  const timestamp = nowMs * 1e6
  const ranNs = running ? Math.max(timestamp - container.startedAt, 0) : 0
  return {
    attributes: {
      id: container.id,
      metadata: container.config.metadata,
      labels: container.config.labels,
      annotations: container.config.annotations,
    },
    cpu: {
      timestamp,
      usageCoreNanoSeconds: { value: Math.round((ranNs * cpuMillicores) / 1000) },
      usageNanoCores: { value: running ? cpuMillicores * 1e6 : 0 },
    },
    memory: {
      timestamp,
      workingSetBytes: { value: running ? memoryBytes : 0 },
      usageBytes: { value: running ? memoryBytes : 0 },
      rssBytes: { value: running ? memoryBytes : 0 },
    },
    writableLayer: { timestamp, usedBytes: { value: container.diskBytes }, inodesUsed: { value: 1 } },
  }
}
