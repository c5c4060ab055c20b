import type { ImageSpec, SandboxConfig } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PullCredential } from './pull-credentials.ts'

/**
 * Pulls an image with the first credential that its registry takes, and returns that; undefined where there was none to
 * show. Rejects as the last attempt did.
 */
export async function tryCredentials(
  runtime: Pick<Runtime, 'pullImage'>,
  spec: ImageSpec,
  fitting: readonly PullCredential[],
  sandbox?: SandboxConfig,
): Promise<PullCredential | undefined> {
  const candidates: readonly (PullCredential | undefined)[] = fitting.length > 0 ? fitting : [undefined]
  let failure: unknown
  for (const credential of candidates) {
    try {
      await runtime.pullImage(spec, credential?.auth, sandbox)
      return credential
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
