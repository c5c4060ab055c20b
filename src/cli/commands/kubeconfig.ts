import { existsSync, readFileSync } from 'node:fs'
import { dataDirectory } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'

export interface KubeconfigOptions {
  readonly dataDir?: string
}

export async function printKubeconfig(options: KubeconfigOptions): Promise<void> {
  const file = dataDirectory(chosenDirectory(options.dataDir)).kubeconfig
  if (!existsSync(file)) throw new Error(`there is no cluster yet (${file} is missing): run timonel up`)
  process.stdout.write(readFileSync(file, 'utf8'))
}
