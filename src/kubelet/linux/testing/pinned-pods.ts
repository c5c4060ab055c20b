import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { noReservations } from '../../node/allocatable/reservations.ts'
import type { NodeTuning } from '../../node/node-object.ts'
import { type CpuSet, parseCpuSet } from '../../resources/cpu/cpu-set.ts'
import { usualPinning } from '../../resources/pinning-settings.ts'

const root = '/sys/fs/cgroup'

function hasCpusets(): boolean {
  const controllers = `${root}/cgroup.controllers`
  return existsSync(controllers)
    ? readFileSync(controllers, 'utf8').split(/\s+/).includes('cpuset')
    : existsSync(`${root}/cpuset`)
}

/** Why containers cannot have processors for themselves on this machine; '' where they can. */
export const whyNotPinned = !hasCpusets()
  ? '(the kernel has no cpusets)'
  : availableParallelism() < 2
    ? '(there is one processor)'
    : ''

/** Half a processor and what hard eviction keeps are not for pods; who asks for whole ones has them for himself. */
export const pinnedTuning: NodeTuning =
  whyNotPinned === ''
    ? {
        reservations: { ...noReservations, system: { cpu: '500m' } },
        pinning: {
          ...usualPinning,
          ...{ cpuPolicy: 'static', reconcileMs: 100 },
          ...{ memoryPolicy: 'Static', reservedMemory: [{ numaNode: 0, limits: { memory: '100Mi' } }] },
        },
      }
    : {}

/** What a process may run on, from its `/proc/…/status`. */
const allowedCpus = (status: string): CpuSet =>
  parseCpuSet(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '')

/** Starts a container that shares and one that owns a processor: the one is moved off what the other has. */
export async function expectPinned(
  start: (name: string, resources: core.v1.ResourceRequirements) => Promise<void>,
  exec: (name: string, command: readonly string[]) => Promise<Uint8Array>,
): Promise<void> {
  const cpusOf = async (name: string): Promise<CpuSet> =>
    allowedCpus(Buffer.from(await exec(name, ['cat', '/proc/1/status'])).toString())
  await start('sharing', {})
  const amounts = { memory: '32Mi', cpu: '1' }
  await start('owning', { limits: amounts, requests: amounts })
  const own = await cpusOf('owning')
  expect(own.size).toBe(1)
  let shared = await cpusOf('sharing')
  while (!shared.isDisjointFrom(own)) {
    await delay(25)
    shared = await cpusOf('sharing')
  }
  expect(shared.size).toBeGreaterThan(0)
}
