import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { missingPackages } from '../../../src/cluster/system-packages.ts'

/** What a suite needs and this machine lacks; empty where the suite can run. */
export type Lack = readonly string[]

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

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

export const lacksSetpriv: Lack = [...lacksRoot, ...(inPath('setpriv') ? [] : ['setpriv'])]

/** A suite's name, with the reason why it is skipped. */
export const suiteName = (name: string, lack: Lack): string =>
  lack.length === 0 ? name : `${name} (needs ${lack.join(', ')})`
