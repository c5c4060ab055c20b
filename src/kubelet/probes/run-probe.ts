import type { core } from '../../api/generated/types/index.ts'
import { messageOf } from '../../base/message-of.ts'
import { expand } from '../environment/expand.ts'
import type { PodNetwork } from '../pod/pod-context.ts'
import { isRuntimeError, type Runtime } from '../runtime/runtime.ts'
import { httpRequestOf, resolvePort } from './http-request.ts'

/** What one attempt gave. `errored` says nothing about the container: the attempt itself went wrong. */
export type ProbeOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'warning' | 'failure' | 'errored'; readonly output: string }

export interface ProbeRun {
  readonly probe: core.v1.Probe
  readonly container: core.v1.Container
  /** In the runtime. */
  readonly containerId: string
  readonly podIp: string
}

const success: ProbeOutcome = { kind: 'success' }
const failure = (output: string): ProbeOutcome => ({ kind: 'failure', output })
const errored = (error: unknown): ProbeOutcome => ({ kind: 'errored', output: messageOf(error) })

const maxOutputBytes = 10 * 1024
const maxRedirects = 10
const maxErroredAttempts = 3

/** Probes once; what errs is tried again at once, thrice in all. */
export async function runProbe(runtime: Runtime, network: PodNetwork, run: ProbeRun): Promise<ProbeOutcome> {
  let outcome: ProbeOutcome = success
  for (let attempt = 0; attempt < maxErroredAttempts; attempt++) {
    outcome = await attemptProbe(runtime, network, run)
    if (outcome.kind !== 'errored') return outcome
  }
  return outcome
}

function attemptProbe(runtime: Runtime, network: PodNetwork, run: ProbeRun): Promise<ProbeOutcome> {
  const { probe, container, podIp } = run
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec !== undefined) return execProbe(runtime, run, probe.exec.command ?? [])
  if (probe.httpGet !== undefined) return httpProbe(network, run, probe.httpGet, timeoutMs)
  if (probe.tcpSocket !== undefined) {
    return tcpProbe(network, probe.tcpSocket, container, podIp, timeoutMs)
  }
  if (probe.grpc !== undefined) return grpcProbe(network, probe.grpc, podIp, timeoutMs)
  return Promise.resolve(errored(new Error(`missing probe handler for ${container.name}`)))
}

async function execProbe(runtime: Runtime, run: ProbeRun, command: readonly string[]): Promise<ProbeOutcome> {
  const fixed = new Map((run.container.env ?? []).map(({ name, value }) => [name, value ?? '']))
  const words = command.map((word) => expand(word, (name) => fixed.get(name)))
  try {
    const result = await runtime.execSync(run.containerId, words, run.probe.timeoutSeconds ?? 1)
    if (result.exitCode === 0) return success
    const decoder = new TextDecoder()
    return failure((decoder.decode(result.stdout) + decoder.decode(result.stderr)).slice(0, maxOutputBytes))
  } catch (error) {
    if (isRuntimeError(error, 'DeadlineExceeded')) return failure(`command "${words.join(' ')}" timed out`)
    return errored(error)
  }
}

async function httpProbe(
  network: PodNetwork,
  run: ProbeRun,
  action: core.v1.HTTPGetAction,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  let request: ReturnType<typeof httpRequestOf>
  try {
    request = httpRequestOf(action, run.container, action.host || run.podIp, 'probe')
  } catch (error) {
    return errored(error)
  }
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    let answer: Awaited<ReturnType<PodNetwork['httpGet']>>
    try {
      answer = await network.httpGet(request, timeoutMs)
    } catch (error) {
      return failure(messageOf(error))
    }
    const { status, body, location } = answer
    if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`)
    if (status < 300 || location === undefined || !URL.canParse(location, urlOf(request))) return success
    const target = new URL(location, urlOf(request))
    if (target.hostname !== new URL(urlOf(request)).hostname) {
      return { kind: 'warning', output: `Probe terminated redirects, Response body: ${body}` }
    }
    const scheme = target.protocol === 'https:' ? 'https' : 'http'
    const port = target.port === '' ? (scheme === 'https' ? 443 : 80) : Number(target.port)
    request = { ...request, scheme, port, path: `${target.pathname}${target.search}` }
  }
  return failure(`Get "${urlOf(request)}": stopped after ${maxRedirects} redirects`)
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const urlOf = ({ scheme, host, port, path }: ReturnType<typeof httpRequestOf>): string =>
  `${scheme}://${bracketed(host)}:${port}${path}`

async function tcpProbe(
  network: PodNetwork,
  action: core.v1.TCPSocketAction,
  container: core.v1.Container,
  podIp: string,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  let port: number
  try {
    port = resolvePort(action.port, container)
  } catch (error) {
    return errored(error)
  }
  try {
    await network.tcpConnect(action.host || podIp, port, timeoutMs)
    return success
  } catch (error) {
    return failure(messageOf(error))
  }
}

async function grpcProbe(
  network: PodNetwork,
  action: core.v1.GRPCAction,
  podIp: string,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  try {
    const status = await network.grpcHealth(podIp, action.port, action.service ?? '', timeoutMs)
    return status === 'SERVING' ? success : failure(`service unhealthy (responded with "${status}")`)
  } catch (error) {
    return failure(messageOf(error))
  }
}
