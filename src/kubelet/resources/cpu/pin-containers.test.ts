import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { silentLogger } from '../../../base/logger.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { parseCpuSet } from './cpu-set.ts'
import { ContainerPins } from './pin-containers.ts'

const podOf = (uid: string, state: core.v1.ContainerState): core.v1.Pod => {
  const status = { name: 'c', ready: true, restartCount: 0, image: '', imageID: '' }
  return {
    metadata: { uid },
    status: { containerStatuses: [{ ...status, state, containerID: `containerd://${uid}-id` }] },
  }
}
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }

test('ContainerPins tells the runtime what running containers may run on, when it changes', async () => {
  const host = testHost()
  const told: string[] = []
  let shared = '0-3'
  let refuses = false
  const pins = new ContainerPins({
    ...{ host, logger: silentLogger, everyMs: 10_000 },
    pods: () => [podOf('a', running), podOf('b', { waiting: { reason: 'ContainerCreating' } })],
    cpus: { cpusOf: () => parseCpuSet(shared) },
    runtime: {
      updateContainerResources: async (id, { cpusetCpus }) => {
        if (refuses) throw new Error('not today')
        told.push(`${id} ${cpusetCpus}`)
      },
    },
  })
  pins.start()
  await host.advance(10_000)
  await host.advance(10_000)
  expect(told).toEqual(['a-id 0-3'])
  shared = '0'
  refuses = true
  await host.advance(10_000)
  refuses = false
  await host.advance(10_000)
  expect(told).toEqual(['a-id 0-3', 'a-id 0'])
  pins.stop()
  shared = '0-1'
  await host.advance(20_000)
  expect(told).toHaveLength(2)
})
