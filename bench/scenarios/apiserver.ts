import { namespaceNamed } from '../load/objects.ts'
import { Sessions } from '../load/sessions.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { startServer } from '../server/start-server.ts'
import { apply } from './apiserver/apply.ts'
import { authorization } from './apiserver/authorization.ts'
import { configMaps } from './apiserver/config-maps.ts'
import { customResources } from './apiserver/custom-resources.ts'
import { definitions } from './apiserver/definitions.ts'
import { everything } from './apiserver/everything.ts'
import { flood } from './apiserver/flood.ts'
import { growth } from './apiserver/growth.ts'
import { idle, idleLoaded } from './apiserver/idle.ts'
import { inProcess } from './apiserver/in-process.ts'
import { memory } from './apiserver/memory.ts'
import type { ApiLoad } from './apiserver/part.ts'
import { pods } from './apiserver/pods.ts'
import { watchers } from './apiserver/watchers.ts'

const namespace = 'bench'
const sessionCount = 4

/** The API server under load from another process, over TLS. */
export const apiserver: Scenario = {
  name: 'apiserver',
  parts: [
    ...['config-maps', 'pods', 'watchers', 'apply', 'custom-resources', 'idle'],
    ...['growth', 'authorization', 'flood', 'everything', 'definitions', 'in-process'],
  ],
  async run(options: BenchOptions, report: Report): Promise<void> {
    const server = await startServer({ probe: true })
    const sessions = await Sessions.open(server.credentials, sessionCount)
    const load: ApiLoad = { server, namespace, options, report, session: (index) => sessions.at(index) }
    await load
      .session(0)
      .expect({ method: 'POST', path: '/api/v1/namespaces', body: namespaceNamed(namespace) })
    await memory(server, report, 'memoryAfterStart')
    if (wants(options, 'config-maps')) await configMaps(load)
    if (wants(options, 'pods')) await pods(load)
    if (wants(options, 'config-maps') && wants(options, 'pods')) await memory(server, report, 'memoryLoaded')
    if (wants(options, 'watchers')) await watchers(load)
    if (wants(options, 'idle')) await idleLoaded(load)
    if (wants(options, 'apply')) await apply(load)
    if (wants(options, 'custom-resources')) await customResources(load)
    sessions.close()
    await server.stop()
    if (wants(options, 'idle')) await idle(options, report)
    if (wants(options, 'growth')) await growth(options, report)
    if (wants(options, 'authorization')) await authorization(options, report)
    if (wants(options, 'flood')) await flood(options, report)
    if (wants(options, 'everything')) await everything(options, report)
    if (wants(options, 'definitions')) await definitions(options, report)
    if (wants(options, 'in-process')) await inProcess(options, report)
  },
}
