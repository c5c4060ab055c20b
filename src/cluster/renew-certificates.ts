import { existsSync, writeFileSync } from 'node:fs'
import { realHost } from '../base/host/real-host.ts'
import { loadKubeconfig } from '../client/https/kubeconfig.ts'
import { dataDirectory } from './data-directory.ts'
import { kubeconfig } from './kubeconfig.ts'
import { renewCertificates } from './pki/kept-certificates.ts'
import { KeyFiles } from './pki/key-files.ts'

/** Renews all certificates of a cluster, and the administrator's kubeconfig with them. Gives their names. */
export function renewClusterCertificates(root: string): readonly string[] {
  const { pki, kubeconfig: file } = dataDirectory(root)
  const names = renewCertificates(pki, realHost)
  const files = new KeyFiles(pki)
  const [certificatePem, keyPem] = [files.read('admin.crt'), files.read('admin.key')]
  if (!existsSync(file) || certificatePem === undefined || keyPem === undefined) return names
  const { server, certificateAuthority = '' } = loadKubeconfig(file)
  const client = { certificatePem, keyPem }
  const text = kubeconfig({
    ...{ server, certificateAuthority, client },
    ...{ clusterName: 'timonel', userName: 'kubernetes-admin' },
  })
  writeFileSync(file, text, { mode: 0o600 })
  return names
}
