import { Node } from '../../../api/core/node/kind.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, Rejection } from '../../framework.ts'

const rejection: Rejection = { resolvable: false, reasons: ["node(s) didn't match the requested node name"] }

/** Only the node that spec.nodeName asks for. */
export const nodeName = (): Plugin => ({
  name: 'NodeName',
  sign: ({ pod }) => pod.spec?.nodeName ?? '',
  preFilter: ({ pod }) => {
    const wanted = pod.spec?.nodeName
    if (!wanted) return { type: 'skip' }
    return { type: 'filter', filter: ({ name }) => (name === wanted ? undefined : rejection) }
  },
  events: [onEvent(Node, actions.add)],
})
