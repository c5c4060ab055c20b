import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inNetworkNamespace } from '../../base/host/run-program.ts'

const folders = ['/usr/lib/cni', '/opt/cni/bin']
const folder = folders.find((each) => existsSync(join(each, 'ptp')))

/** Why pods cannot be wired here; undefined where they can. */
export const cniMissing: string | undefined = folder === undefined ? 'needs CNI plugins' : undefined

interface Plugin {
  readonly type: string
}

/** Gives a pod's namespace an address, as a runtime does with the first plugin of a node's configuration. */
export async function addPod(
  confDir: string,
  nodePath: string,
  podPath: string,
  containerId: string,
): Promise<string> {
  const text = await readFile(join(confDir, '10-timonel.conflist'), 'utf8')
  const { cniVersion, name, plugins }: { cniVersion: string; name: string; plugins: readonly Plugin[] } =
    JSON.parse(text)
  const [plugin] = plugins
  const result = await inNetworkNamespace(nodePath)(join(folder ?? '', plugin?.type ?? ''), [], {
    input: JSON.stringify({ cniVersion, name, ...plugin }),
    env: {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: containerId,
      CNI_NETNS: podPath,
      CNI_IFNAME: 'eth0',
      CNI_PATH: folder ?? '',
    },
  })
  const { ips }: { ips: readonly { address: string }[] } = JSON.parse(result)
  return ips[0]?.address.split('/')[0] ?? ''
}
