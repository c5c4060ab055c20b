import { stopCluster } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { printSteps } from '../print.ts'

export interface DownOptions {
  readonly dataDir?: string
}

export async function down(options: DownOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  const wasRunning = await stopCluster(root, printSteps(process.stdout))
  process.stdout.write(
    wasRunning ? 'The cluster is stopped; "timonel up" resumes it.\n' : 'The cluster was not running.\n',
  )
}
