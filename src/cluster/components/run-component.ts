import { createLogger } from '../../base/host/logger.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { buildInfo } from '../version.ts'
import { FlagError, type FlagSet, type FlagValues, flagHelp, parseFlags } from './flags/parse-flags.ts'

/** A part of the control plane as a process of its own. */
export interface Component<S extends FlagSet> {
  /** `kube-apiserver` */
  readonly program: string
  readonly flags: S
  /** Starts it; what has to be stopped goes to `stops`, also when it fails. Resolves when it runs; `lost` ends the process. */
  start(values: FlagValues<S>, context: ComponentContext): Promise<void>
}

type Stop = () => Promise<void> | void

export interface ComponentContext {
  readonly logger: Logger
  readonly stops: Stop[]
  /** The flags that were given. */
  readonly given: ReadonlySet<string>
  /** Ends the process with this error, as upstream's do when they lose their leadership. */
  readonly lost: (error: Error) => void
}

/** Resolves at SIGINT or SIGTERM; a second one ends the process at once. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

const verbose = 4

function levelOf(values: Readonly<Record<string, unknown>>): 'info' | 'debug' {
  return Number(values['v'] ?? 0) >= verbose ? 'debug' : 'info'
}

/** Runs a component until it is told to stop; resolves to the process' exit code. Errors are told as upstream's are. */
export async function runComponent<S extends FlagSet>(
  { program, flags, start }: Component<S>,
  args: readonly string[],
): Promise<number> {
  const stops: Stop[] = []
  try {
    const parsed = parseFlags(program, flags, args)
    if (parsed.type !== 'run') {
      const help = parsed.type === 'help'
      process.stdout.write(help ? flagHelp(program, flags) : `Kubernetes ${buildInfo().gitVersion}\n`)
      return 0
    }
    const { values, given } = parsed
    const ended = endSignal()
    const lost = Promise.withResolvers<never>()
    lost.promise.catch(() => {})
    const logger = createLogger({ level: levelOf(values) })
    await start(values, { logger, stops, given, lost: lost.reject })
    await Promise.race([ended, lost.promise])
    return 0
  } catch (error) {
    const message = messageOf(error)
    process.stderr.write(`Error: ${message}\n`)
    if (!(error instanceof FlagError) && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    return 1
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
