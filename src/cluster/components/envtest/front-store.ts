import { get } from 'node:http'
import { join } from 'node:path'
import type { StoragePlace } from '../../control-plane/open-storage.ts'

/** Where the front tells about the store behind it. */
export const storePath = '/timonel/store'

export interface FrontStore {
  readonly directory: string
  readonly quotaBackendBytes?: number
  /** What is written may be lost with the machine. */
  readonly unsynced: boolean
}

const isFrontStore = (value: unknown): value is FrontStore =>
  typeof value === 'object' && value !== null && 'directory' in value && typeof value.directory === 'string'

/** Rejects when there is no JSON. Not `fetch`, which takes long to load. */
function getJson(url: URL): Promise<unknown> {
  return new Promise((done, failed) => {
    const request = get(url, { agent: false }, async (response) => {
      try {
        done(JSON.parse((await response.toArray()).join('')))
      } catch (error) {
        failed(error)
      }
    })
    request.on('error', failed)
  })
}

/** Asks what listens at an etcd's URL; undefined: no front of ours, so a real etcd. */
export async function findFrontStore(url: string): Promise<FrontStore | undefined> {
  try {
    const answer = await getJson(new URL(storePath, url))
    return isFrontStore(answer) ? answer : undefined
  } catch {
    return undefined
  }
}

export const placeOf = ({ directory, unsynced }: FrontStore): StoragePlace => ({
  type: 'lmdb',
  directory: join(directory, 'timonel'),
  unsynced,
})
