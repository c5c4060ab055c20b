import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, Rejection } from '../../framework.ts'
import { type HostPort, hadNode, hostPortsOf } from '../../pod-info.ts'

const rejection: Rejection = {
  resolvable: true,
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
}

const everyAddress = '0.0.0.0'

function conflicts(wanted: HostPort, taken: HostPort): boolean {
  if (wanted.port !== taken.port || wanted.protocol !== taken.protocol) return false
  return wanted.ip === taken.ip || wanted.ip === everyAddress || taken.ip === everyAddress
}

const anyConflict = (wanted: readonly HostPort[], taken: readonly HostPort[]): boolean =>
  taken.some((port) => wanted.some((other) => conflicts(other, port)))

/** No two pods take the same host port of a node. */
export const nodePorts = (): Plugin => ({
  name: 'NodePorts',
  sign: ({ hostPorts }) => hostPorts,
  preFilter: ({ hostPorts }) => {
    if (hostPorts.length === 0) return { type: 'skip' }
    return {
      type: 'filter',
      filter: ({ pods }) => {
        for (const other of pods.values()) if (anyConflict(hostPorts, other.hostPorts)) return rejection
        return undefined
      },
    }
  },
  events: [
    onEvent(
      Pod,
      actions.delete,
      ({ hostPorts }, _pod, old) =>
        old !== undefined && hadNode(old) && anyConflict(hostPorts, hostPortsOf(old)),
    ),
    onEvent(Node, actions.add),
  ],
})
