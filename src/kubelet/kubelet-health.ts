import { type HealthCheck, ping } from '../base/health-checks.ts'
import type { Host } from '../base/host.ts'
import type { NodeAgent } from './node/node-agent.ts'

/** Upstream's: how long its loop may take. */
const maxLoopMs = 5 * 60_000

/** What the agent's `/healthz` looks at. */
export const healthChecks = (node: NodeAgent, host: Host): readonly HealthCheck[] => [
  ping,
  { name: 'log', check: () => {} },
  {
    name: 'syncloop',
    check: () => {
      if (host.monotonicMs() - node.lookedMs > maxLoopMs)
        throw new Error('sync Loop took longer than expected')
    },
  },
]
