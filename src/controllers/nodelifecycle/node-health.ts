import type { core } from '../../api/generated/types/index.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'

type Node = core.v1.Node
type Condition = core.v1.NodeCondition

/** How long a node may be silent. */
export interface NodeGrace {
  /** `--node-monitor-grace-period`; upstream's 50 s where absent. */
  readonly monitorGraceMs?: number
  /** `--node-startup-grace-period`, for nodes that have never shown their status; upstream's 60 s where absent. */
  readonly startupGraceMs?: number
}

const defaultMonitorGraceMs = 50_000
const defaultStartupGraceMs = 60_000

/** What the kubelet speaks for; the network's condition is somebody else's. */
const kubeletConditions: readonly string[] = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export const readyCondition = (node: Node): Condition | undefined =>
  node.status?.conditions?.find(({ type }) => type === 'Ready')

interface Health {
  readonly uid: string
  /** On the monotonic clock: the last sign of life. */
  aliveMs: number
  /** The heartbeat of the Ready condition that was seen last; undefined while there is no such condition. */
  heartbeat: string | null | undefined
}

interface Renewal {
  readonly renewTime: string
  readonly atMs: number
}

/** When nodes were last heard of, by their status or by their lease. Only changes count: the clocks of nodes are not trusted. */
export class NodeHealthTable {
  readonly #grace: NodeGrace
  readonly #health = new Map<string, Health>()
  readonly #renewals = new Map<string, Renewal>()

  constructor(grace: NodeGrace) {
    this.#grace = grace
  }

  /** True when the node is new here. `wallMs` is the wall clock, `nowMs` the monotonic one. */
  observe(node: Node, nowMs: number, wallMs: number): boolean {
    const { name = '', uid = '', creationTimestamp } = node.metadata ?? {}
    const ready = readyCondition(node)
    const known = this.#health.get(name)
    if (known !== undefined && known.uid === uid) {
      if (known.heartbeat !== ready?.lastHeartbeatTime) known.aliveMs = nowMs
      known.heartbeat = ready?.lastHeartbeatTime
      return false
    }
    const ageMs = ready === undefined && creationTimestamp ? wallMs - timeMs(creationTimestamp) : 0
    this.#health.set(name, { uid, aliveMs: nowMs - ageMs, heartbeat: ready?.lastHeartbeatTime })
    return true
  }

  /** Takes note of a heartbeat that this controller made up itself. */
  noteOwnWrite(node: Node): void {
    const known = this.#health.get(node.metadata?.name ?? '')
    if (known !== undefined) known.heartbeat = readyCondition(node)?.lastHeartbeatTime
  }

  /** A lease was seen. */
  renew(name: string, renewTime: string, nowMs: number): void {
    const known = this.#renewals.get(name)
    if (known !== undefined && timeMs(renewTime) <= timeMs(known.renewTime)) return
    this.#renewals.set(name, { renewTime, atMs: nowMs })
  }

  /** Milliseconds until the node has been silent for too long; negative when it has. */
  graceLeft(node: Node, nowMs: number): number {
    const name = node.metadata?.name ?? ''
    const aliveMs = Math.max(
      this.#health.get(name)?.aliveMs ?? nowMs,
      this.#renewals.get(name)?.atMs ?? Number.NEGATIVE_INFINITY,
    )
    const { monitorGraceMs = defaultMonitorGraceMs, startupGraceMs = defaultStartupGraceMs } = this.#grace
    const graceMs = readyCondition(node) === undefined ? startupGraceMs : monitorGraceMs
    return aliveMs + graceMs - nowMs
  }

  /** Every node has its full grace again: after a time in which nobody could be heard. */
  forgive(nowMs: number): void {
    for (const health of this.#health.values()) health.aliveMs = nowMs
  }

  forget(name: string): void {
    this.#health.delete(name)
    this.#renewals.delete(name)
  }
}

/** The conditions of a node that has been silent for too long; the same list when they say so already. */
export function silentConditions(node: Node, nowMs: number): readonly Condition[] {
  const conditions = node.status?.conditions ?? []
  const now = formatTime(nowMs)
  const created = node.metadata?.creationTimestamp
  const changed = conditions.map((condition): Condition => {
    if (!kubeletConditions.includes(condition.type) || condition.status === 'Unknown') return condition
    return {
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: now,
    }
  })
  const missing = kubeletConditions
    .filter((type) => !conditions.some((condition) => condition.type === type))
    .map((type): Condition => {
      const heartbeat = created ? { lastHeartbeatTime: created } : {}
      return {
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        ...heartbeat,
        lastTransitionTime: now,
      }
    })
  const isSame = missing.length === 0 && changed.every((condition, index) => condition === conditions[index])
  return isSame ? conditions : [...changed, ...missing]
}
