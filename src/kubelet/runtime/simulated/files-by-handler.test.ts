import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import type { PodFiles } from '../../pod/pod-context.ts'
import { filesByHandler } from './files-by-handler.ts'
import { simulatedFiles } from './simulated-node-parts.ts'

const none = simulatedFiles({
  configMap: async () => undefined,
  secret: async () => undefined,
})

function setUp(left: readonly string[] = []): { readonly files: PodFiles; readonly calls: string[] } {
  const calls: string[] = []
  const real: PodFiles = {
    ...none,
    logDirectory: ({ metadata }) => `/logs/${metadata?.uid}`,
    removeLog: async (path) => void calls.push(`removeLog ${path}`),
    unmountVolumes: async (uid) => void calls.push(`unmountVolumes ${uid}`),
    removePod: async (uid) => void calls.push(`removePod ${uid}`),
    found: async () => left,
  }
  const parts = { files: real, logs: { read: async () => {} }, idPrefix: 'wasm://' }
  return { files: filesByHandler(none, parts, ({ spec }) => spec?.runtimeClassName === 'wasm'), calls }
}

const pod = (uid: string, runtimeClassName?: string): core.v1.Pod => ({
  metadata: { uid },
  spec: { containers: [], ...(runtimeClassName === undefined ? {} : { runtimeClassName }) },
})

async function end(files: PodFiles, uid: string, logDirectory: string): Promise<void> {
  await files.removeLog(`${logDirectory}/work/0.log`)
  await files.unmountVolumes(uid)
  await files.removePod(uid)
}

test('a simulated pod that goes does not touch the disk; one with files takes them along', async () => {
  const { files, calls } = setUp()
  const logs = [pod('a'), pod('b', 'wasm')].map((one) => files.logDirectory(one))
  await end(files, 'a', logs[0] ?? '')
  expect(calls).toEqual([])
  await end(files, 'b', logs[1] ?? '')
  expect(calls).toEqual(['removeLog /logs/b/work/0.log', 'unmountVolumes b', 'removePod b'])
})

test('what an earlier process left is removed, whatever pod it was of', async () => {
  const { files, calls } = setUp(['c'])
  expect(await files.found()).toEqual(['c'])
  await files.removePod('c')
  expect(calls).toEqual(['removePod c'])
})
