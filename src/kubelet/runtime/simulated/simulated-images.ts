import type { FilesystemUsage, Image } from '../messages.ts'

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
