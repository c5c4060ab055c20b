import { expect, test } from 'vitest'
import type { ContainerConfig } from '../runtime/messages.ts'
import { nothingGranted, withGrant } from './container-grant.ts'

const resources = { cpuQuota: 200_000, cpuPeriod: 100_000, cpuShares: 2048 }
const namespaceOptions = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const
const securityContext = {
  ...{ privileged: false, readonlyRootfs: false, noNewPrivs: false, namespaceOptions },
  ...{ supplementalGroups: [], maskedPaths: [], readonlyPaths: [] },
}
const config: ContainerConfig = {
  metadata: { name: 'c', attempt: 0 },
  image: { image: 'i' },
  command: [],
  args: [],
  workingDir: '',
  envs: [],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: '',
  stdin: false,
  stdinOnce: false,
  tty: false,
  linux: { resources, securityContext },
}

test('withGrant() puts a container on its processors and memory nodes', () => {
  expect(withGrant(config, nothingGranted)).toBe(config)
  const shared = withGrant(config, { ...nothingGranted, cpus: '0,2-3' })
  expect(shared.linux.resources).toEqual({ ...resources, cpusetCpus: '0,2-3' })
})

test('withGrant() does not limit the time of processors that a container has for itself', () => {
  const owned = { ...nothingGranted, cpus: '1', memoryNodes: '0,1', ownsCpus: true }
  expect(withGrant(config, owned).linux.resources).toEqual({
    ...resources,
    ...{ cpuQuota: -1, cpusetCpus: '1', cpusetMems: '0,1' },
  })
  // Nobody's time is limited on this node.
  const free = { ...config, linux: { ...config.linux, resources: { cpuShares: 2048 } } }
  expect(withGrant(free, owned).linux.resources).toEqual({
    ...{ cpuShares: 2048, cpusetCpus: '1', cpusetMems: '0,1' },
  })
})
