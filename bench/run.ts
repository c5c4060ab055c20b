// npm run bench -- NAME [options]: runs one scenario, prints its table, writes bench/results/NAME.json.
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Report } from './report.ts'
import type { Scenario } from './scenario.ts'
import { apiserver } from './scenarios/apiserver.ts'
import { cascade } from './scenarios/cascade.ts'
import { controllers } from './scenarios/controllers.ts'
import { deploy } from './scenarios/deploy.ts'
import { network } from './scenarios/network.ts'
import { node } from './scenarios/node.ts'
import { scheduler } from './scenarios/scheduler.ts'
import { startup } from './scenarios/startup.ts'
import { walk } from './scenarios/walk.ts'
import { serverLog, stopAllServers } from './server/start-server.ts'

const scenarios: readonly Scenario[] = [
  startup,
  apiserver,
  deploy,
  walk,
  controllers,
  cascade,
  scheduler,
  node,
  network,
]

function usage(): string {
  const names = scenarios.map(({ name, parts }) => `  ${name.padEnd(10)} parts: ${parts.join(', ')}`)
  return [
    'usage: npm run bench -- NAME [--objects 10000] [--watchers 1000] [--flight 100] [--parts a,b] [--profile]',
    '       scheduler: [--workloads PATH] [--only EXPRESSION] [--store lmdb|memory] [--https]',
    ...names,
  ].join('\n')
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    objects: { type: 'string', default: '10000' },
    watchers: { type: 'string', default: '1000' },
    flight: { type: 'string', default: '100' },
    parts: { type: 'string', default: '' },
    profile: { type: 'boolean', default: false },
    workloads: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    store: { type: 'string', default: 'lmdb' },
    https: { type: 'boolean', default: false },
  },
})
const scenario = scenarios.find(({ name }) => name === positionals[0])
const parts = values.parts.split(',').filter((part) => part !== '')
const { store } = values
if (store !== 'lmdb' && store !== 'memory') {
  console.error(usage())
  process.exit(2)
}
if (scenario === undefined || parts.some((part) => !scenario.parts.includes(part))) {
  console.error(usage())
  process.exit(2)
}
process.on('SIGINT', () => {
  void stopAllServers().then(() => process.exit(130))
})
rmSync(serverLog, { force: true })
const report = new Report(scenario.name)
try {
  await scenario.run(
    {
      objects: Number(values.objects),
      watchers: Number(values.watchers),
      flight: Number(values.flight),
      parts,
      profile: values.profile,
      workloads: values.workloads,
      only: values.only,
      store,
      https: values.https,
    },
    report,
  )
  console.log(`\nwritten to ${report.write()}; what the servers said is in ${serverLog}`)
} finally {
  await stopAllServers()
}
process.exit(0)
