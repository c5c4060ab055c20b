import type { Column } from '../../../apimachinery/define-kind.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { core } from '../../generated/types/index.ts'
import { humanDuration } from '../../human-duration.ts'
import { printableStatus } from './printable-status.ts'

const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text)

function readinessGates(pod: core.v1.Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const passed = gates.filter((gate) =>
    pod.status?.conditions?.some((c) => c.type === gate.conditionType && c.status === 'True'),
  )
  return `${passed.length}/${gates.length}`
}

function restarts(pod: core.v1.Pod, nowMs: number): string {
  const status = printableStatus(pod)
  if (status.restarts === 0 || status.lastRestartMs === undefined) return String(status.restarts)
  return `${status.restarts} (${humanDuration(nowMs - status.lastRestartMs)} ago)`
}

export const podColumns: readonly Column<core.v1.Pod>[] = [
  nameColumn,
  {
    name: 'Ready',
    type: 'string',
    value: (pod) => {
      const { readyContainers, totalContainers } = printableStatus(pod)
      return `${readyContainers}/${totalContainers}`
    },
  },
  {
    name: 'Status',
    type: 'string',
    value: (pod) => printableStatus(pod).reason,
  },
  {
    name: 'Restarts',
    type: 'string',
    value: restarts,
  },
  ageColumn,
  { name: 'IP', type: 'string', priority: 1, value: (pod) => orNone(pod.status?.podIPs?.[0]?.ip) },
  { name: 'Node', type: 'string', priority: 1, value: (pod) => orNone(pod.spec?.nodeName) },
  {
    name: 'Nominated Node',
    type: 'string',
    priority: 1,
    value: (pod) => orNone(pod.status?.nominatedNodeName),
  },
  { name: 'Readiness Gates', type: 'string', priority: 1, value: readinessGates },
]
