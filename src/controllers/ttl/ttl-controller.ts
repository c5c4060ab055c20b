import { Node } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { type AnyController, defineController, done, indexing, watching } from '../../reconcile/controller.ts'
import { nextStep, ttlSecondsOf } from './ttl-steps.ts'

const annotation = 'node.alpha.kubernetes.io/ttl'
const allNodes = 'all nodes'

const ttlOf = ({ metadata }: core.v1.Node): string | undefined => metadata?.annotations?.[annotation]

/** Tells nodes how long they may keep what they have read of Secrets and ConfigMaps: longer where there are many nodes. */
export function ttlController(): AnyController {
  let step = 0
  return defineController({
    name: 'ttl',
    reconciles: Node,
    when: (node, old) => node !== undefined && (old === undefined || ttlOf(node) !== ttlOf(old)),
    watches: [
      watching({
        kind: Node,
        when: (node, old) => node === undefined || old === undefined,
        keys: (_node, { cache }) => {
          const before = step
          const nodes = cache.of(Node)
          step = nextStep(step, nodes.countByIndex(allNodes, ''))
          return step === before ? [] : nodes.list().map(({ metadata }) => metadata?.name ?? '')
        },
      }),
    ],
    indexers: [indexing(Node, { [allNodes]: () => [''] })],
    permissions: [{ group: '', resources: ['nodes'], verbs: ['patch', 'update'] }],
    reconcile: async (name, { cache, api }) => {
      const node = cache.of(Node).get('', name)
      const ttl = String(ttlSecondsOf(step))
      if (node === undefined || ttlOf(node) === ttl) return done
      const patch = { metadata: { annotations: { [annotation]: ttl } } }
      await api.resource(Node).patch('', name, 'application/strategic-merge-patch+json', patch)
      return done
    },
  })
}
