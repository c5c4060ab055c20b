import { envtestApiServer } from '../../cluster/components/envtest/envtest-api-server.ts'
import { etcdFront } from '../../cluster/components/envtest/etcd-front.ts'
import { launcherFolder } from '../../cluster/components/envtest/launcher-folder.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

/** Without arguments: tells where envtest finds its programs. They come back here by the name of the one that is meant. */
export async function envtest([program, ...args]: readonly string[]): Promise<number> {
  if (program === 'kube-apiserver') return runComponent(envtestApiServer, args)
  if (program === 'etcd') return runComponent(etcdFront, args)
  process.stdout.write(`${launcherFolder()}\n`)
  return 0
}
