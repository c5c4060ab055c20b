import { afterAll, beforeAll, describe, test } from 'vitest'
import { realHost } from '../../../src/base/host/real-host.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import type { KubeconfigContext } from '../../../src/client/https/kubeconfig.ts'
import { Machine } from '../../e2e/support/machine.ts'
import { type Lack, lacksContainers, suiteName } from '../../e2e/support/requirements.ts'
import { Api } from './api.ts'
import { ContainerGround } from './container-ground.ts'
import { eventually } from './eventually.ts'
import { image, speakingImage } from './pods.ts'
import { listedRows, type Table } from './suite.ts'

const timeoutMs = 240_000
const nodes = ['node-1', 'node-2']

/** What a namespace's pods and events tell of a failure. */
async function storyOf({ api, path }: { api: Api; path: (resource: string) => string }): Promise<string> {
  const pods = (await api.list(path('pods'))).map(
    ({ metadata, status }) => `pod ${metadata?.name}: ${JSON.stringify(status)}`,
  )
  const events = (await api.list(path('events'))).map(({ reason, message }) => `event ${reason}: ${message}`)
  return [...pods, ...events].join('\n')
}

/**
 * Behaviours on one cluster with two nodes and real containers, all at once, each in a namespace of its own. Where
 * the machine lacks what that takes, they are skipped by name; so are those of a table that takes something more.
 */
export function containerBehaviours(
  title: string,
  tables: readonly (readonly [table: Table<ContainerGround>, lack: Lack])[],
): void {
  describe.skipIf(lacksContainers.length > 0)(suiteName(title, lacksContainers), () => {
    let machine: Machine
    let api: Api
    let to: KubeconfigContext

    beforeAll(async () => {
      machine = await Machine.create({ network: true })
      await machine.mustTimonel('up', '--detach', '--nodes', String(nodes.length))
      await machine.mustTimonel('image load', await machine.packBusybox(image))
      const speaks = { entrypoint: ['/bin/echo', 'entrypoint'], command: ['command'] }
      await machine.mustTimonel('image load', await machine.packBusybox(speakingImage, speaks))
      to = machine.context()
      api = new Api(createHttpsTransport({ host: realHost, ...to }))
      await Promise.all(
        nodes.map((name) =>
          eventually(async () => {
            const { status } = await api.get(`/api/v1/nodes/${name}`)
            if (!JSON.stringify(status).includes('KubeletReady')) throw new Error(`${name} is not ready`)
          }),
        ),
      )
    }, timeoutMs)

    afterAll(async () => {
      await api?.transport.close()
      await machine?.dispose()
    }, timeoutMs)

    const rows = tables.flatMap(([table, lack]) =>
      listedRows(table).map(([name, behave]) => ({ name, behave, lack })),
    )
    for (const [index, { name, behave, lack }] of rows.entries()) {
      const run = lack.length > 0 ? test.skip : test.concurrent
      run(name, { timeout: timeoutMs }, async () => {
        const namespace = `test-${index}`
        await api.create('/api/v1/namespaces', { metadata: { name: namespace } })
        const ground = new ContainerGround({ api, machine, to, namespace, nodes })
        await ground.eventually(() => api.get(ground.path('serviceaccounts/default')))
        try {
          await behave(ground)
        } catch (error) {
          throw new Error(`${String(error)}\n${await storyOf(ground)}`, { cause: error })
        }
        await api.delete(`/api/v1/namespaces/${namespace}`)
      })
    }
  })
}
