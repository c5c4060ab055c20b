import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../base/logger.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import type { ContainerStatus } from '../../runtime/messages.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { SimulatedRuntime } from '../../runtime/simulated/simulated-runtime.ts'
import { LogRotation } from './log-rotation.ts'

test('LogRotation moves a full log away, compresses the older ones and keeps so many', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'timonel-rotation-'))
  const logPath = join(directory, '0.log')
  const simulated = new SimulatedRuntime({ host: testHost() })
  const status: ContainerStatus = {
    id: 'c',
    metadata: { name: 'c', attempt: 0 },
    state: 'CONTAINER_RUNNING',
    createdAt: 0,
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    imageRef: '',
    reason: '',
    message: '',
    labels: {},
    annotations: {},
    mounts: [],
    logPath,
  }
  const runtime: Runtime = Object.assign(Object.create(simulated), {
    listContainers: async () => [{ ...status, podSandboxId: 's' }],
    containerStatus: async () => status,
    reopenContainerLog: () => writeFile(logPath, ''),
  })
  const rotation = new LogRotation({ runtime, logger: silentLogger, maxBytes: 10, maxFiles: 3 })
  await writeFile(logPath, 'small')
  await rotation.rotateAll()
  expect(await readdir(directory)).toEqual(['0.log'])
  await writeFile(`${logPath}.20250101-000000`, 'oldest')
  await writeFile(`${logPath}.20250102-000000`, 'older')
  await writeFile(logPath, 'more than ten bytes')
  await rotation.rotateAll()
  const names = (await readdir(directory)).sort()
  expect(names).toHaveLength(3)
  expect(await readFile(logPath, 'utf8')).toBe('')
  const packed = names.find((name) => name.endsWith('.gz')) ?? ''
  expect(gunzipSync(await readFile(join(directory, packed))).toString()).toBe('older')
  await rm(directory, { recursive: true })
})
