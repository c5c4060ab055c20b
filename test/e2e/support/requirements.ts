import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { missingPackages } from '../../../src/cluster/system-packages.ts'

/** What a suite needs and this machine lacks; empty where the suite can run. */
export type Lack = readonly string[]

export const isRoot = process.platform === 'linux' && process.getuid?.() === 0

const inPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, program)))

/** The static busybox of the distribution, of which test images are made. */
export const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file))

export const lacksRoot: Lack = isRoot ? [] : ['root on Linux']

/** For nodes with real containers. */
export const lacksContainers: Lack = isRoot
  ? [...missingPackages(), ...(busybox === undefined ? ['busybox-static'] : [])]
  : lacksRoot

export const lacksKubectl: Lack = inPath('kubectl') ? [] : ['kubectl']

/** Older ones do not find dry run in the API's description, where its parameters are shared since v1.27. */
const dryRunMinor = 27

function minorOfKubectl(): number {
  const { stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' })
  return Number(/"minor": "(\d+)/.exec(stdout)?.[1] ?? 0)
}

/** For what asks the server to try a change. */
export const lacksDryRun: Lack =
  lacksKubectl.length > 0 || minorOfKubectl() >= dryRunMinor ? lacksKubectl : [`kubectl 1.${dryRunMinor}`]

/** For root to run something as somebody else. */
export const lacksSetpriv: Lack = isRoot && !inPath('setpriv') ? ['setpriv'] : []

/** A suite's name, with the reason why it is skipped. */
export const suiteName = (name: string, lack: Lack): string =>
  lack.length === 0 ? name : `${name} (needs ${lack.join(', ')})`
