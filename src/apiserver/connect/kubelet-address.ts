import type { core } from '../../api/generated/types/index.ts'
import { internalError, notFound } from '../../apimachinery/status-error.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import type { BackendAddress } from './backend.ts'

/** `--kubelet-preferred-address-types` as kubeadm sets it: addresses first, since host names need a DNS that knows the nodes. */
const preferredTypes = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS']
export const defaultKubeletPort = 10_250

export interface KubeletAddressOptions {
  readonly reader: ObjectReader
  /** In the order in which they are looked for. */
  readonly preferredAddressTypes?: readonly string[] | undefined
}

/** Where a node's kubelet listens, by what the node says of itself. Throws NotFound for a node that is not there. */
export function kubeletAddress(
  { reader, preferredAddressTypes = preferredTypes }: KubeletAddressOptions,
  nodeName: string,
): BackendAddress {
  const node = typedReader<core.v1.Node>(reader, { group: '', resource: 'nodes' }).get('', nodeName)
  if (node === undefined) throw notFound({ group: '', resource: 'nodes', name: nodeName })
  const addresses = node.status?.addresses ?? []
  const found = preferredAddressTypes
    .map((wanted) => addresses.find(({ type }) => type === wanted))
    .find((address) => address !== undefined)
  if (found === undefined) {
    throw internalError(
      `no preferred addresses found; known addresses: [${addresses.map(({ address }) => address).join(' ')}]`,
    )
  }
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0
  return {
    scheme: 'https',
    host: found.address,
    port: port > 0 ? port : defaultKubeletPort,
    trust: 'kubelet',
  }
}
