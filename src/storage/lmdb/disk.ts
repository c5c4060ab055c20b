import { rmSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../../base/message-of.ts'
import { StorageError, StorageFullError } from '../storage.ts'
import type { Environment } from './environment.ts'
import type { Table } from './table.ts'

/** The two pages that LMDB begins with. */
const metaPages = 2

const figure = (stats: unknown, name: string): number => {
  const value: unknown = typeof stats === 'object' && stats !== null ? Reflect.get(stats, name) : undefined
  return typeof value === 'number' ? value : 0
}

const pagesOf = (stats: unknown): number =>
  figure(stats, 'treeBranchPageCount') + figure(stats, 'treeLeafPageCount') + figure(stats, 'overflowPages')

/** Bytes of the pages that hold something; free ones do not count. Takes some tens of microseconds. */
export function usedBytes(env: Environment): number {
  const root = env.root.getStats()
  const tables: readonly Pick<Table<never>, 'getStats'>[] = [
    env.keys,
    env.values,
    env.superseded,
    env.deadlines,
    env.meta,
  ]
  const pages = tables.reduce((sum, table) => sum + pagesOf(table.getStats()), metaPages + pagesOf(root))
  return (pages + pagesOf(Reflect.get(root, 'free'))) * figure(root, 'pageSize')
}

export const keyCount = (env: Environment): number => figure(env.keys.getStats(), 'entryCount')

export const fileBytes = (path: string): number => statSync(path).size

const noSpace = 28
const inputOutput = 5

/** A write that found less than this may have failed for want of room, whatever its error says. */
const leastFreeBytes = 2 ** 20

/** Of the file system that holds `path`. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

export const fullError = (path: string): StorageFullError =>
  new StorageFullError(`${path} cannot grow: no space left on the device`)

/**
 * Throws StorageFullError where opening the store would find no room: lmdb crashes the process when the first pages
 * it writes do not fit. The reserve is given up before that.
 */
export function checkRoom(path: string, reservePath: string): void {
  if (freeBytes(path) >= leastFreeBytes) return
  rmSync(reservePath, { force: true })
  if (freeBytes(path) < leastFreeBytes) throw fullError(path)
}

/**
 * What a failed flush of `bytes` means. lmdb reports a write that was cut short, as on a disk that has just
 * become full, as an input/output error.
 */
export async function flushError(path: string, error: unknown, bytes: number): Promise<StorageError> {
  const cause = await causeOf(error)
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const short = code === inputOutput && freeBytes(path) < Math.max(leastFreeBytes, 4 * bytes)
  if (code === noSpace || short) return fullError(path)
  const text = messageOf(cause)
  return new StorageError(`writing to ${path} has failed, so no more is written: ${text}`, { cause })
}

/** lmdb rejects with an error that carries a promise of the real one. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
  } catch (cause) {
    return cause
  }
  return error
}
