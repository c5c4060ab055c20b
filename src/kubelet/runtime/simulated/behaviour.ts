import type { ContainerConfig, SandboxConfig } from '../messages.ts'
import { runScript } from './script.ts'

/** Annotations of a pod `simulated.timonel.dev/<container>` hold a JSON object with fields of `Behaviour`. */
const behaviourAnnotationPrefix = 'simulated.timonel.dev/'

/** How a simulated container acts from its start on. */
export interface Behaviour {
  /** Absent: it runs until it is stopped. */
  readonly exitAfterMs?: number
  readonly exitCode: number
  /** It ends as one does that the kernel killed for its memory. */
  readonly outOfMemory: boolean
  /** From the stop signal to its end; beyond the grace period it is killed (exit code 137). */
  readonly stopAfterMs: number
  /** Exit code after the stop signal; 143, that of a program without a handler, when nothing is said. */
  readonly stopExitCode: number
  /** Lines it writes to standard output when it starts. */
  readonly output: readonly string[]
  /** What it leaves in its termination log. */
  readonly terminationMessage: string
  /** Starting it fails with this message. */
  readonly startError?: string
  /** Probes that fail: `liveness`, `readiness`, `startup`; all others succeed. */
  readonly failingProbes: readonly string[]
  readonly cpuMillicores: number
  readonly memoryBytes: number
  /** What it writes to its own layer when it starts. */
  readonly diskBytes: number
}

const steady: Behaviour = {
  exitCode: 0,
  outOfMemory: false,
  stopAfterMs: 0,
  stopExitCode: 143,
  output: [],
  terminationMessage: '',
  failingProbes: [],
  cpuMillicores: 1,
  memoryBytes: 1_048_576,
  diskBytes: 0,
}

/** What a container's program sees of its environment. */
export const environmentOf = (
  { envs }: ContainerConfig,
  { hostname }: SandboxConfig,
): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ['HOSTNAME', hostname],
    ...envs.map(({ key, value }) => [key, new TextDecoder().decode(value)]),
  ])

/** What its command says where it is one that is known (`sleep 5`, `false`, `sh -c 'echo a; exit 3'`), then what the annotation says. */
export function behaviourOf(config: ContainerConfig, sandbox: SandboxConfig): Behaviour {
  const ran = runScript([...config.command, ...config.args], environmentOf(config, sandbox))
  const scripted: Partial<Behaviour> =
    ran === undefined
      ? {}
      : {
          output: ran.output,
          terminationMessage: ran.terminationMessage,
          ...(ran.forever ? {} : { exitAfterMs: ran.durationMs, exitCode: ran.exitCode }),
        }
  return { ...steady, ...scripted, ...annotated(config.metadata.name, sandbox) }
}

/** Fields of another type than they should have are left out. */
function annotated(containerName: string, sandbox: SandboxConfig): Partial<Behaviour> {
  const text = sandbox.annotations[behaviourAnnotationPrefix + containerName]
  if (text === undefined) return {}
  const given = parseObject(text)
  const behaviour: Record<string, unknown> = {}
  for (const [key, sample] of Object.entries({ ...steady, exitAfterMs: 0, startError: '' })) {
    const value = given[key]
    const fits = Array.isArray(sample)
      ? Array.isArray(value) && value.every((item) => typeof item === 'string')
      : typeof value === typeof sample
    if (fits) behaviour[key] = value
  }
  return behaviour
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
