import { Namespace } from '../../api/core/namespace/kind.ts'
import { type BootstrapContext, ensure } from './ensure.ts'

/** They exist as long as the server does. */
export const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'default']

export async function ensureNamespaces(context: BootstrapContext): Promise<void> {
  await Promise.all(
    systemNamespaces.map((name) =>
      ensure(context, {
        kind: Namespace,
        object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      }),
    ),
  )
}
