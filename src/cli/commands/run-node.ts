import { runNode } from '../../cluster/index.ts'

export interface RunNodeOptions {
  readonly config: string
}

export async function runOneNode(options: RunNodeOptions): Promise<void> {
  await runNode(options.config)
}
