import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { succeed } from '../../e2e/support/run.ts'

/** Why a program's tests are skipped here, '' when it is there. */
export const whyNo = (program: string, ...args: readonly string[]): string =>
  spawnSync(program, [...args], { stdio: 'ignore' }).status === 0 ? '' : `(needs ${program})`

export const patientMs = 1_800_000

/** Where what was installed stays for the next run. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'timonel-clients')

export function cacheFolder(name: string): string {
  const folder = join(cache, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A Go program, by its package and version; gives its path. */
export async function goProgram(name: string, packageAtVersion: string): Promise<string> {
  const folder = cacheFolder(`go-${packageAtVersion.replace(/[^\w.]+/g, '-')}`)
  const env = { ...process.env, GOBIN: folder }
  await succeed(['go', 'install', '-ldflags=-s', packageAtVersion], { env, timeoutMs: patientMs })
  return join(folder, name)
}

/** Gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-clients-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
