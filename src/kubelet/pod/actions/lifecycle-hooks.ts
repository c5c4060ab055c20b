import type { core } from '../../../api/generated/types/index.ts'
import { goList } from '../../../apimachinery/go-text.ts'
import { messageOf } from '../../../base/message-of.ts'
import { sleep } from '../../../base/sleep.ts'
import { httpRequestOf } from '../../probes/http-request.ts'
import type { PodContext } from '../pod-context.ts'
import { describePod } from '../runtime-config/security-context.ts'

export interface HookWork {
  readonly pod: core.v1.Pod
  readonly container: core.v1.Container
  /** The container's id in the runtime. */
  readonly id: string
  readonly hook: core.v1.LifecycleHandler
  readonly podIps: readonly string[]
  /** Ends a sleep early. */
  readonly signal?: AbortSignal
}

/** Upstream gives an HTTP hook no limit of its own; the grace period bounds a preStop. */
const httpTimeoutMs = 30_000

/** Runs a postStart or preStop hook; the message of a failure, which may hold secrets and is not for Events. */
export async function runLifecycleHook(context: PodContext, work: HookWork): Promise<string | undefined> {
  const { pod, container, hook } = work
  const where = `for Container "${container.name}" in Pod "${describePod(pod)}" failed - error:`
  if (hook.exec !== undefined) {
    const command = hook.exec.command ?? []
    const what = `Exec lifecycle hook (${goList(command)}) ${where}`
    try {
      const result = await context.runtime.execSync(work.id, command, 0)
      if (result.exitCode === 0) return undefined
      const output = new TextDecoder().decode(result.stdout) + new TextDecoder().decode(result.stderr)
      const said = `command '${command.join(' ')}' exited with ${result.exitCode}: ${output}`
      return `${what} ${said}, message: ${JSON.stringify(output)}`
    } catch (error) {
      return `${what} ${messageOf(error)}, message: ""`
    }
  }
  if (hook.httpGet !== undefined) {
    try {
      const host = hook.httpGet.host || (work.podIps[0] ?? context.facts().nodeIps[0] ?? '')
      await context.network.httpGet(httpRequestOf(hook.httpGet, container, host, 'lifecycle'), httpTimeoutMs)
      return undefined
    } catch (error) {
      return `HTTP lifecycle hook (${hook.httpGet.path}) ${where} ${messageOf(error)}`
    }
  }
  if (hook.sleep !== undefined) {
    await sleep(context.host, hook.sleep.seconds * 1000, work.signal)
    return undefined
  }
  return 'Cannot run handler: invalid handler'
}
