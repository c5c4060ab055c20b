import colors from 'picocolors'
import { type ClusterStatus, clusterStatus } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'

export interface StatusOptions {
  readonly dataDir?: string
  readonly output?: 'json'
}

function describe(status: ClusterStatus): string {
  if (!status.running)
    return `The cluster in ${status.dataDirectory} is ${status.starting ? 'still starting' : 'not running'}.\n`
  const nodes = status.nodes.map(
    (node) =>
      `  ${node.name}  ${node.ready ? colors.green('Ready') : colors.red('NotReady')}  ${node.runtime}`,
  )
  return `The cluster in ${status.dataDirectory} runs at ${status.server} (process ${status.pid}).\n${nodes.join('\n')}\n`
}

/** Exits with 1 when the cluster does not run, so that scripts can ask. */
export async function status(options: StatusOptions): Promise<void> {
  const current = await clusterStatus(chosenDirectory(options.dataDir))
  process.stdout.write(
    options.output === 'json' ? `${JSON.stringify(current, null, 2)}\n` : describe(current),
  )
  if (!current.running) process.exitCode = 1
}
