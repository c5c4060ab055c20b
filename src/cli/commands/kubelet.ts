import { runNode } from '../../cluster/index.ts'

export interface KubeletOptions {
  readonly config: string
}

export async function kubelet(options: KubeletOptions): Promise<void> {
  await runNode(options.config)
}
