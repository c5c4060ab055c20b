import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { Plugin, PluginContext } from '../../framework.ts'

/** Binds by POST to the pod's `binding` subresource. */
export const defaultBinder = ({ client }: PluginContext): Plugin => ({
  name: 'DefaultBinder',
  bind: async ({ pod }, node) => {
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    const binding: core.v1.Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
      target: { kind: 'Node', name: node },
    }
    await client.resource(Pod).createSubresource(namespace, name, 'binding', binding)
    return true
  },
})
