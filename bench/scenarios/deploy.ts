import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { apps } from '../../src/api/generated/types/index.ts'
import { Connection } from '../load/connection.ts'
import { median } from '../load/keep-in-flight.ts'
import { waitForNoPods, waitForReadyPods } from '../load/wait-for.ts'
import { deployment } from '../load/workloads.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { benchImage, loadBenchImage, whyNoContainers } from '../server/containers.ts'
import { measure } from '../server/measure.ts'
import { type Server, type ServerOptions, startServer } from '../server/start-server.ts'

const runs = 3
const settleMs = 1500
const namespace = 'default'

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** As a user does it; where kubectl is missing, with the request that it would send. */
async function apply(server: Server, connection: Connection, object: apps.v1.Deployment): Promise<void> {
  if (!hasKubectl()) {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
    await connection.expect({ method: 'POST', path, body: object })
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  const file = join(folder, 'deployment.json')
  writeFileSync(file, JSON.stringify(object))
  try {
    await promisify(execFile)('kubectl', ['--kubeconfig', server.kubeconfigFile, 'apply', '-f', file])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Deployed {
  readonly tookMs: readonly number[]
  /** Until the command that applies it had ended. */
  readonly applyMs: readonly number[]
  readonly loopP99Ms: number
}

async function deployed(server: Server, options: BenchOptions, replicas: number): Promise<Deployed> {
  const connection = await Connection.open(server.credentials)
  const name = `deploy-${replicas}`
  const selector = `app=${name}`
  const tookMs: number[] = []
  const applyMs: number[] = []
  let loopP99Ms = 0
  for (let run = 0; run < runs; run++) {
    const measured = await measure(server, name, options, async () => {
      const startMs = performance.now()
      const ready = waitForReadyPods(connection, namespace, selector, replicas)
      await apply(server, connection, deployment(namespace, name, replicas, benchImage))
      applyMs.push(performance.now() - startMs)
      await ready
      return performance.now() - startMs
    })
    tookMs.push(measured.result)
    loopP99Ms = Math.max(loopP99Ms, measured.loopP99Ms)
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
    await connection.expect({ method: 'DELETE', path, body: { propagationPolicy: 'Foreground' } })
    await waitForNoPods(connection, namespace, selector)
    await sleep(settleMs) // containerd still cleans up
  }
  connection.close()
  return { tookMs, applyMs, loopP99Ms }
}

async function on<T>(options: ServerOptions, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await startServer({ ...options, probe: true })
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

const details = ({ tookMs, applyMs, loopP99Ms }: Deployed): Record<string, number> => ({
  applyMs: median(applyMs),
  minMs: Math.min(...tookMs),
  maxMs: Math.max(...tookMs),
  loopP99Ms,
})

/** From `kubectl apply` until every pod is Ready. */
export const deploy: Scenario = {
  name: 'deploy',
  parts: ['containerd', 'simulated', 'thousand'],
  async run(options: BenchOptions, report: Report): Promise<void> {
    if (!hasKubectl()) report.note('kubectl is missing: Deployments are posted instead, without its start-up')
    const reason = whyNoContainers()
    if (wants(options, 'containerd')) {
      if (reason !== '') report.note(`not measured with containers: ${reason}`)
      else {
        const ten = await on({ runtime: 'containerd' }, async (server) => {
          await loadBenchImage(server)
          return deployed(server, options, 10)
        })
        report.figure('deployTen', median(ten.tookMs), details(ten))
      }
    }
    if (wants(options, 'simulated')) {
      const ten = await on({}, (server) => deployed(server, options, 10))
      report.extra('the same with simulated pods', 'ms', median(ten.tookMs), details(ten))
    }
    if (wants(options, 'thousand')) {
      const thousand = await on({ nodes: 100 }, (server) => deployed(server, options, 1000))
      report.figure('deployThousand', median(thousand.tookMs), details(thousand))
    }
  },
}
