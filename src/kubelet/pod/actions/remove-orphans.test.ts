import { expect, test } from 'vitest'
import { silentLogger } from '../../../base/logger.ts'
import { podUidOf } from '../../linux/cgroups/cgroups.ts'
import { noCgroups, simulatedFiles } from '../../runtime/simulated/simulated-node-parts.ts'
import { removeOrphans } from './remove-orphans.ts'

test('removeOrphans() removes what is left of pods that nobody knows, and goes on after a failure', async () => {
  const removed: string[] = []
  const none = { configMap: async () => undefined, secret: async () => undefined }
  const files = {
    ...simulatedFiles(none),
    found: async () => ['known', 'gone', 'stuck'],
    removePod: async (uid: string) => {
      if (uid === 'stuck') throw new Error('busy')
      removed.push(`files of ${uid}`)
    },
  }
  const cgroups = {
    ...noCgroups,
    found: async () => ['known', 'group'],
    remove: async (uid: string) => void removed.push(`group of ${uid}`),
  }
  await removeOrphans({ files, cgroups, logger: silentLogger }, (uid) => uid === 'known')
  expect(removed).toEqual([
    ...['group of gone', 'files of gone', 'group of stuck', 'group of group', 'files of group'],
  ])
})

test('podUidOf() reads a pod’s uid from the name of its group', () => {
  const uid = '0aa1-b2'
  const names = [
    `pod${uid}`,
    'kubepods-pod0aa1_b2.slice',
    'kubepods-besteffort-pod0aa1_b2.slice',
    'timonel-node-kubepods-burstable-pod0aa1_b2.slice',
  ]
  expect(names.map(podUidOf)).toEqual(names.map(() => uid))
  expect(['burstable', 'kubepods-burstable.slice', 'cgroup.procs'].map(podUidOf)).toEqual([
    ...[undefined, undefined, undefined],
  ])
})
