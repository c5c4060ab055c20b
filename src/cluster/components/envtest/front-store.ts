import { join } from 'node:path'
import type { StoragePlace } from '../../control-plane/open-storage.ts'

/** Where the front tells about the store behind it. */
export const storePath = '/timonel/store'

export interface FrontStore {
  readonly directory: string
  readonly quotaBackendBytes?: number
}

const isFrontStore = (value: unknown): value is FrontStore =>
  typeof value === 'object' && value !== null && 'directory' in value && typeof value.directory === 'string'

/** Asks what listens at an etcd's URL; undefined: no front of ours, so a real etcd. */
export async function findFrontStore(url: string): Promise<FrontStore | undefined> {
  try {
    const response = await fetch(new URL(storePath, url))
    const answer: unknown = response.ok ? await response.json() : undefined
    return isFrontStore(answer) ? answer : undefined
  } catch {
    return undefined
  }
}

export const placeOf = ({ directory }: FrontStore): StoragePlace => ({
  type: 'lmdb',
  directory: join(directory, 'timonel'),
})
