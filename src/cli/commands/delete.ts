import { defaultDataDirectory, deleteCluster } from '../../cluster/index.ts'
import { printSteps } from '../print.ts'

export interface DeleteOptions {
  readonly dataDir?: string
}

export async function remove(options: DeleteOptions): Promise<void> {
  const root = options.dataDir ?? defaultDataDirectory()
  await deleteCluster(root, printSteps(process.stdout))
  process.stdout.write(`Everything in ${root} is gone.\n`)
}
