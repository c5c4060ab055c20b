import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../src/base/host/testing/free-port.ts'
import { median } from '../load/keep-in-flight.ts'
import type { Report } from '../report.ts'

const assets = join(import.meta.dirname, '../../dist/envtest')
/** controller-runtime's `HealthCheckPollInterval`. */
const pollMs = 100
const runs = 8
const atOnce = 10

interface Environment {
  readonly startMs: number
  stop(): Promise<void>
}

function answers(url: string): Promise<boolean> {
  const get = url.startsWith('https:') ? getSecure : getPlain
  return new Promise((resolve) => {
    const request = get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('error', () => resolve(false))
  })
}

/** Of all environments that run. */
const children = new Set<ChildProcess>()

/** Starts a program, and asks for its health first at once and then in envtest's rhythm. */
async function start(name: string, args: readonly string[], healthUrl: string): Promise<ChildProcess> {
  const child = spawn(join(assets, name), args, { stdio: 'ignore' })
  children.add(child)
  while (!(await answers(healthUrl))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`)
    await sleep(pollMs)
  }
  return child
}

async function end(child: ChildProcess): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** What envtest starts with its own defaults, one program after the other. */
async function startEnvironment([etcdPort = 0, port = 0]: readonly number[]): Promise<Environment> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  const key = join(folder, 'sa.key')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const startedMs = performance.now()
  const etcd = await start(
    'etcd',
    [
      ...[`--data-dir=${join(folder, 'etcd')}`, `--listen-client-urls=${etcdUrl}`],
      ...[`--advertise-client-urls=${etcdUrl}`, '--listen-peer-urls=http://localhost:0', '--unsafe-no-fsync'],
    ],
    `${etcdUrl}/health`,
  )
  const server = await start(
    'kube-apiserver',
    [
      ...[`--etcd-servers=${etcdUrl}`, `--cert-dir=${folder}`, `--secure-port=${port}`],
      ...['--bind-address=127.0.0.1', '--authorization-mode=RBAC', '--allow-privileged=true'],
      ...['--service-cluster-ip-range=10.0.0.0/24', '--disable-admission-plugins=ServiceAccount'],
      ...[`--service-account-issuer=https://127.0.0.1:${port}/`, `--service-account-key-file=${key}`],
      `--service-account-signing-key-file=${key}`,
    ],
    `https://127.0.0.1:${port}/healthz`,
  )
  return {
    startMs: performance.now() - startedMs,
    stop: async () => {
      await end(server)
      await end(etcd)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How long envtest's users wait for an environment, and for ten of them. */
export async function envtest(report: Report): Promise<void> {
  try {
    await measured(report)
  } finally {
    await Promise.all([...children].map(end))
  }
}

async function measured(report: Report): Promise<void> {
  const each: number[] = []
  for (let run = 0; run < runs; run++) {
    const environment = await startEnvironment(await freePorts(2))
    each.push(environment.startMs)
    await environment.stop()
  }
  report.figure('envtest', median(each), { minMs: Math.min(...each), maxMs: Math.max(...each) })
  const ports = await freePorts(2 * atOnce)
  const startedMs = performance.now()
  const environments = await Promise.all(
    Array.from({ length: atOnce }, (_, index) => startEnvironment(ports.slice(2 * index, 2 * index + 2))),
  )
  report.extra(`${atOnce} environments of envtest at once`, 'ms', performance.now() - startedMs)
  await Promise.all(environments.map((environment) => environment.stop()))
}
