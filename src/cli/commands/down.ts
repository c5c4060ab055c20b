import { existsSync } from 'node:fs'
import { dataDirectory, stopCluster } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { printSteps } from '../print.ts'

export interface DownOptions {
  readonly dataDir?: string
}

export async function down(options: DownOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  const wasRunning = await stopCluster(root, printSteps(process.stdout))
  const [what, resume] = existsSync(dataDirectory(root).joined) ? ['node', 'join'] : ['cluster', 'up']
  process.stdout.write(
    wasRunning
      ? `The ${what} is stopped; "timonel ${resume}" resumes it.\n`
      : `The ${what} was not running.\n`,
  )
}
