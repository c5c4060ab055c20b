import type { EventSink } from '../pod/pod-context.ts'

/** Writes an Event about an agent's own node. */
export type NodeEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void

/**
 * Events of a node that may not be registered yet: they go by its name, and have it for a uid, under which
 * `kubectl describe node` looks for those of agents.
 */
export const nodeEvents = (events: EventSink, nodeName: string): NodeEvent => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } }
  return (type, reason, message) => events.event(node, type, reason, message)
}
