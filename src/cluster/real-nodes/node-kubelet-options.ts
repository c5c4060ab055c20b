import { parseFlags } from '../components/flags/parse-flags.ts'
import { readConfigFields } from '../components/kubelet/config-drop-ins.ts'
import { kubeletFlags } from '../components/kubelet/kubelet-flags.ts'
import { type KubeletOptions, kubeletOptions } from '../components/kubelet/kubelet-options.ts'

/** What the cluster itself says to its nodes: a file would say it in vain. */
const ownFields: readonly string[] = [
  ...['containerRuntimeEndpoint', 'clusterDNS', 'clusterDomain', 'resolvConf', 'cgroupDriver', 'cgroupRoot'],
  ...['address', 'port', 'readOnlyPort', 'healthzPort', 'healthzBindAddress', 'podCIDR', 'registerNode'],
  ...['authentication', 'authorization', 'tlsCertFile', 'tlsPrivateKeyFile', 'tlsMinVersion'],
  ...['tlsCipherSuites', 'rotateCertificates', 'serverTLSBootstrap', 'enableSystemLogHandler'],
  ...['enableSystemLogQuery', 'staticPodPath', 'staticPodURL', 'staticPodURLHeader'],
  ...['fileCheckFrequency', 'httpCheckFrequency', 'failSwapOn', 'kubeAPIQPS', 'kubeAPIBurst'],
]

/**
 * What a KubeletConfiguration says to a node of the cluster; undefined without one. Throws FlagError, and an Error for
 * what is the cluster's to say.
 */
export function nodeKubeletOptions(file: string | undefined, nodeName: string): KubeletOptions | undefined {
  if (file === undefined) return undefined
  const fields = readConfigFields(file, undefined) ?? {}
  const own = ownFields.find((name) => fields[name] !== undefined)
  if (own !== undefined) throw new Error(`${file}: ${own} is for the cluster to say, not for its nodes' file`)
  // Where the runtime's socket is, the file may not say, and has to be said.
  const args = [`--config=${file}`, '--container-runtime-endpoint=unix:///containerd.sock']
  const parsed = parseFlags('kubelet', kubeletFlags, args)
  if (parsed.type !== 'run') throw new Error('no options of a kubelet')
  return kubeletOptions(parsed.values, parsed.given, nodeName)
}
