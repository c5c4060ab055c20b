import { Random } from '../../base/random.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import {
  createClient,
  createLogger,
  dataDirectory,
  evictMoves,
  loadKubeconfig,
  loadScheduling,
  planRebalance,
  type RebalanceSettings,
  readLastStart,
  realHost,
} from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { outcomeLine, planText } from '../rebalance-text.ts'

export interface RebalanceOptions {
  readonly dataDir?: string
  readonly kubeconfig?: string
  readonly goal: RebalanceSettings['goal']
  readonly maxMoves: number
  readonly moveCost: number
  readonly namespace: readonly string[]
  readonly deleteEmptydirData?: boolean
  readonly schedulerConfig?: string
  readonly schedulerPlugin?: readonly string[]
  readonly seed?: number
  readonly evict?: boolean
  readonly output?: 'json'
}

/** Prints which evictions would make the placement better, and what they gain; makes them only with `--evict`. */
export async function rebalance(options: RebalanceOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  const ownCluster = options.kubeconfig === undefined
  const before = ownCluster ? readLastStart(root) : {}
  const file = options.kubeconfig ?? dataDirectory(root).kubeconfig
  const host = realHost
  const transport = createHttpsTransport({ host, ...loadKubeconfig(file) })
  const client = createClient(transport, { fieldManager: 'timonel-rebalance' })
  try {
    const random = options.seed === undefined ? undefined : new Random(options.seed)
    const plan = await planRebalance({
      ...{ client, host, logger: createLogger({ level: 'warn' }) },
      scheduling: await loadScheduling(
        options.schedulerConfig ?? before.schedulerConfig,
        options.schedulerPlugin ?? before.schedulerPlugins ?? [],
      ),
      settings: {
        ...{ goal: options.goal, maxMoves: options.maxMoves, moveCost: options.moveCost },
        namespaces: options.namespace,
        deleteEmptyDirData: options.deleteEmptydirData === true,
      },
      ...(random && { random: () => random.next() }),
    })
    if (options.output === 'json') process.stdout.write(`${JSON.stringify(plan, null, 2)}\n`)
    else process.stdout.write(planText(plan, options.evict === true))
    if (options.evict !== true) return
    for await (const outcome of evictMoves(plan.moves, { client, host }))
      process.stdout.write(`${outcomeLine(outcome)}\n`)
  } finally {
    await transport.close()
  }
}
