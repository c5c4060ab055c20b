import type { Host } from '../../../base/host.ts'
import type { ContainerConfig, RuntimeStatus, SandboxConfig } from '../messages.ts'
import type { Behaviour } from './behaviour.ts'
import type { SimulatedUsage } from './simulated-stats.ts'

/** Milliseconds that verbs take; 0 where absent. */
export interface SimulatedLatencies {
  readonly runPodSandboxMs?: number
  readonly createContainerMs?: number
  readonly startContainerMs?: number
  readonly pullImageMs?: number
}

/** Verbs that can be made to fail. */
export type FaultyVerb =
  | 'runPodSandbox'
  | 'createContainer'
  | 'startContainer'
  | 'updateContainerResources'
  | 'pullImage'
  | 'execSync'

/** What befalls a call: it takes so long, and fails where there is an error. Undefined: neither. */
export type SimulatedCall = (
  verb: FaultyVerb,
  sandbox: SandboxConfig,
  container: string | undefined,
) => { readonly delayMs: number; readonly error?: string } | undefined

export interface SimulatedRuntimeOptions {
  readonly host: Host
  readonly latencies?: SimulatedLatencies
  /** Asked at each such call. */
  readonly call?: SimulatedCall
  /** What containers use; what their behaviour says when absent. */
  readonly usage?: SimulatedUsage
  /** Asked before each such verb; a message makes it fail. `subject` is `namespace/pod`, with `/container` for containers, or the image. */
  readonly fault?: (verb: FaultyVerb, subject: string) => string | undefined
  /** How containers act; by their command and annotations when absent. */
  readonly behaviour?: (config: ContainerConfig, sandbox: SandboxConfig) => Behaviour
  /** What it says that it can do; everything when absent. */
  readonly announces?: Pick<RuntimeStatus, 'handlers' | 'features'>
  /** Images that are there from the start. All others can be pulled. */
  readonly images?: readonly string[]
}
