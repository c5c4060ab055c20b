import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyFile } from '../../examples/demo/kit.ts'
import { scatterGather } from '../../examples/scatter-gather.ts'
import { runWorkQueue } from '../../examples/work-queue.ts'
import { Namespace } from '../../src/api/core/namespace/kind.ts'
import { ServiceAccount } from '../../src/api/core/service-account/kind.ts'
import { eventually } from '../conformance/support/eventually.ts'
import { rawRequest } from '../conformance/support/raw.ts'
import { Machine, root } from './support/machine.ts'
import { lacksContainers, suiteName } from './support/requirements.ts'

const image = 'timonel.local/web:1'

describe.skipIf(lacksContainers.length > 0)(
  suiteName('examples, with real containers', lacksContainers),
  () => {
    let machine: Machine

    beforeAll(async () => {
      machine = await Machine.create({ network: true })
      await machine.mustTimonel('up', '--detach')
      const archive = join(machine.folder, 'web.tar')
      await machine.succeed([
        join(root, 'node_modules/.bin/node'),
        join(root, 'examples/pack-web.ts'),
        archive,
      ])
      await machine.mustTimonel('image load', archive)
    })

    afterAll(() => machine?.dispose())

    /** A namespace of its own, in which pods can be made. */
    async function space(name: string): Promise<string> {
      const client = machine.client()
      await client.resource(Namespace).create({ metadata: { name } })
      await eventually(() => client.resource(ServiceAccount).get(name, 'default'))
      return name
    }

    const apply = async (file: string, namespace: string): Promise<void> => {
      await applyFile(machine.client(), pathToFileURL(join(root, 'examples', file)), namespace)
    }

    /** What a pod or a Service answers, through the API server. */
    const ask = (namespace: string, target: string, path = ''): Promise<string> =>
      eventually(
        async () => {
          const { status, text } = await rawRequest(
            machine.context(),
            `/api/v1/namespaces/${namespace}/${target}/proxy/${path}`,
          )
          expect(status, text).toBe(200)
          return text
        },
        { everyMs: 200, withinMs: 60_000 },
      )

    test('a sidecar keeps a page up to date', async () => {
      const namespace = await space('sidecar')
      await apply('patterns/sidecar.yaml', namespace)
      const first = await ask(namespace, 'pods/sidecar:8080')
      expect(first).toMatch(/^Updated at /)
      await eventually(async () => expect(await ask(namespace, 'pods/sidecar:8080')).not.toBe(first))
    })

    test('an ambassador reaches what an application takes for local', async () => {
      const namespace = await space('ambassador')
      await apply('patterns/ambassador.yaml', namespace)
      await eventually(
        async () =>
          expect(await ask(namespace, 'pods/ambassador:8080', 'index.html')).toBe('from the data\n'),
        { withinMs: 60_000 },
      )
    })

    test('an adapter makes a metric of what an application writes', async () => {
      const namespace = await space('adapter')
      await apply('patterns/adapter.yaml', namespace)
      await eventually(
        async () =>
          expect(await ask(namespace, 'pods/adapter:8080', 'metrics')).toMatch(/^work_done_total [1-9]/),
        { withinMs: 60_000 },
      )
    })

    test('pages, an application and a store work together', async () => {
      const namespace = await space('tiers')
      await apply('three-tier.yaml', namespace)
      await eventually(
        async () =>
          expect(await ask(namespace, 'services/pages:80', 'cgi-bin/run')).toMatch(
            /^<p>visit number [1-9]\d* by application-\S+<\/p>\n$/,
          ),
        { everyMs: 200, withinMs: 90_000 },
      )
    })

    test('a question is scattered over containers, and their answers are gathered', async () => {
      const namespace = await space('scatter')
      const command = ['sh', '-c', 'echo part $JOB_COMPLETION_INDEX > /dev/termination-log']
      const question = { namespace, name: 'parts', shards: 3, container: { name: 'shard', image, command } }
      const answers = await scatterGather(machine.client(), question, AbortSignal.timeout(90_000))
      expect(answers).toEqual(['part 0', 'part 1', 'part 2'])
    })

    test('a queue of work is done in Jobs', async () => {
      const namespace = await space('queue')
      const jobFor = (item: string) => ({
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'work', image, command: ['sh', '-c', `test ${item} != bad`] }],
          },
        },
      })
      const queue = { namespace, name: 'films', items: ['one', 'bad', 'two'], atOnce: 2, jobFor }
      const { succeeded, failed } = await runWorkQueue(machine.client(), queue, AbortSignal.timeout(90_000))
      expect([[...succeeded].sort(), failed]).toEqual([['one', 'two'], ['bad']])
    })
  },
)
