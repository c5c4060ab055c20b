import { existsSync } from 'node:fs'
import { deleteCluster } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { printSteps } from '../print.ts'

export interface DeleteOptions {
  readonly dataDir?: string
}

export async function remove(options: DeleteOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  if (!existsSync(root)) {
    process.stdout.write(`There is no cluster in ${root}.\n`)
    return
  }
  await deleteCluster(root, printSteps(process.stdout))
  process.stdout.write(`Everything in ${root} is gone.\n`)
}
