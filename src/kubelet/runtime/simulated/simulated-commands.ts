import type { Host } from '../../../base/host.ts'
import { sleep } from '../../../base/sleep.ts'
import { type ExecSyncResult, type OutputSink, RuntimeError, type StreamSession } from '../runtime.ts'
import { environmentOf } from './behaviour.ts'
import { runScript } from './script.ts'
import { SimulatedStream } from './simulated-stream.ts'
import type { SimulatedContainer } from './state.ts'

const scriptOf = ({ config, sandbox }: SimulatedContainer, command: readonly string[]) =>
  runScript(command, environmentOf(config, sandbox.config))

/** A command that is not simulated succeeds and says nothing, so that probes and hooks pass. */
export async function runCommand(
  host: Host,
  container: SimulatedContainer,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<ExecSyncResult> {
  const ran = scriptOf(container, command)
  const durationMs = ran?.forever === true ? Number.POSITIVE_INFINITY : (ran?.durationMs ?? 0)
  if (timeoutSeconds > 0 && durationMs > timeoutSeconds * 1000) {
    await sleep(host, timeoutSeconds * 1000)
    const text = `command "${command.join(' ')}" timed out: timeout ${timeoutSeconds}s exceeded`
    throw new RuntimeError('DeadlineExceeded', text)
  }
  if (durationMs > 0) await sleep(host, durationMs)
  const encode = (lines: readonly string[] = []): Uint8Array =>
    new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
  return { stdout: encode(ran?.output), stderr: encode(ran?.errors), exitCode: ran?.exitCode ?? 0 }
}

/** The same for somebody who looks on; one that is not simulated ends with 127 and says so. */
export function streamCommand(
  host: Host,
  container: SimulatedContainer,
  command: readonly string[],
  output: OutputSink,
): StreamSession {
  const ran = scriptOf(container, command) ?? {
    output: [],
    errors: [`simulated containers have no program ${JSON.stringify(command[0] ?? '')}`],
    durationMs: 0,
    exitCode: 127,
  }
  const stream = new SimulatedStream(output)
  for (const line of ran.output) stream.write('stdout', line)
  for (const line of ran.errors) stream.write('stderr', line)
  host.schedule(ran.durationMs, () => stream.end({ kind: 'exited', exitCode: ran.exitCode }))
  return stream
}
