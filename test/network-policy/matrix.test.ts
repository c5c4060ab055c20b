import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { Machine } from '../e2e/support/machine.ts'
import { lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { PolicyMatrix } from './support/policy-matrix.ts'
import { scenarios } from './support/scenarios.ts'

const image = 'timonel.local/busybox:1'
const nodes = ['node-1', 'node-2', 'node-3']

describe.skipIf(lacksContainers.length > 0)(suiteName('policies on three nodes', lacksContainers), () => {
  let machine: Machine
  let client: Client
  let matrix: PolicyMatrix | undefined

  beforeAll(async () => {
    machine = await Machine.create({ network: true })
    await machine.mustTimonel('up', '--detach', '--nodes', '3')
    await machine.mustTimonel('image load', await machine.packBusybox(image))
    client = machine.client()
    matrix = await PolicyMatrix.create(machine, client, { image, nodes })
  })
  afterAll(async () => {
    await matrix?.dispose()
    await machine?.dispose()
  })

  test('there are thirty', () => expect(scenarios).toHaveLength(30))

  test.each(scenarios)('$name', async (scenario) => {
    await matrix?.hold(scenario)
  })
})
