import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiServerFiles } from './api-server-files.ts'
import type { RuntimeName } from './options.ts'

/** What `up` was told, so that the next one resumes the same cluster without being told again. */
export interface LastStart {
  readonly nodes: number
  /** Absent where there has been no node. */
  readonly runtime?: RuntimeName
  readonly apiPort: number
  /** Absent where objects are kept in the data directory. */
  readonly etcd?: EtcdFiles
  /** A KubeSchedulerConfiguration's file; absolute. */
  readonly schedulerConfig?: string
  /** Modules with scheduler plugins; absolute. */
  readonly schedulerPlugins?: readonly string[]
  /** Stages of simulated nodes and pods; absolute. */
  readonly stages?: string
  /** A KubeletConfiguration's file; absolute. */
  readonly kubeletConfig?: string
  readonly apiServerFiles?: ApiServerFiles
  readonly featureGates?: string
  readonly runtimeConfig?: string
}

/** An etcd, and the files of what it trusts and is shown; absolute. */
export interface EtcdFiles {
  /** URLs of its members, with commas between them. */
  readonly servers: string
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

const fileOf = (root: string): string => join(root, 'last-start.json')

/** Empty before the first start. */
export function readLastStart(root: string): Partial<LastStart> {
  const file = fileOf(root)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LastStart) : {}
}

export function writeLastStart(root: string, start: LastStart): void {
  writeFileSync(fileOf(root), `${JSON.stringify(start, null, 2)}\n`)
}
