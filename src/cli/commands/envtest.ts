import { launcherFolder } from '../../cluster/components/envtest/launcher-folder.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

/** Each loads only what it is made of: the front is asked for within a tenth of a second. */
const programs: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  'kube-apiserver': async (args) =>
    runComponent(
      (await import('../../cluster/components/envtest/envtest-api-server.ts')).envtestApiServer,
      args,
    ),
  etcd: async (args) =>
    runComponent((await import('../../cluster/components/envtest/etcd-front.ts')).etcdFront, args),
}

/** Without arguments: tells where envtest finds its programs. They come back here by the name of the one that is meant. */
export async function envtest([program = '', ...args]: readonly string[]): Promise<number> {
  const run = Object.hasOwn(programs, program) ? programs[program] : undefined
  if (run !== undefined) return run(args)
  process.stdout.write(`${launcherFolder()}\n`)
  return 0
}
