import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { defined } from '../../base/defined.ts'
import { runProgram } from '../../base/host/run-program.ts'
import { isRecord } from '../../base/is-record.ts'
import type { TokenAttributes } from '../images/account-claim.ts'
import type { CredentialProvider } from '../images/credential-providers.ts'
import { type CredentialEntry, dockerConfigEntries } from '../images/pull-credentials.ts'

export interface ProviderProgram {
  readonly name: string
  readonly matchImages: readonly string[]
  readonly defaultCacheMs: number
  /** `credentialprovider.kubelet.k8s.io/v1`, as it is asked and has to answer. */
  readonly apiVersion: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly tokens?: TokenAttributes
}

/** What a provider may take, and retry. */
const timeoutMs = 60_000

/** A credential provider that is a program in `folder`: asked by its standard input, it answers by its output. */
export const providerProgram = (folder: string, program: ProviderProgram): CredentialProvider => ({
  name: program.name,
  matchImages: program.matchImages,
  defaultCacheMs: program.defaultCacheMs,
  ...defined({ tokens: program.tokens }),
  ask: async (question) => {
    const { apiVersion, args, env } = program
    const input = JSON.stringify({ kind: 'CredentialProviderRequest', apiVersion, ...question })
    const output = await runProgram(join(folder, program.name), args, { input, timeoutMs, env })
    const answer = parsed(output)
    const version = isRecord(answer) ? answer['apiVersion'] : undefined
    if (version !== apiVersion) {
      throw new Error(
        `apiVersion from credential plugin response did not match expected apiVersion:${apiVersion}, actual apiVersion:${String(version)}`,
      )
    }
    if (!isRecord(answer) || answer['kind'] !== 'CredentialProviderResponse') {
      throw new Error('error decoding credential provider plugin response from stdout')
    }
    return answer
  },
})

/** The error of a parser would quote what it could not read. */
function parsed(output: string): unknown {
  try {
    return JSON.parse(output)
  } catch {
    throw new Error('error decoding credential provider plugin response from stdout')
  }
}

/** What the node's docker configuration says, the first that there is: of the agent, of its user, of the machine. */
export async function dockerConfig(rootDirectory: string): Promise<readonly CredentialEntry[]> {
  const folders = [rootDirectory, join(homedir(), '.docker'), '/.docker']
  for (const folder of folders) {
    const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => undefined)
    if (text !== undefined) return dockerConfigEntries(text, true)
  }
  for (const folder of [rootDirectory, homedir(), '/']) {
    const text = await readFile(join(folder, '.dockercfg'), 'utf8').catch(() => undefined)
    if (text !== undefined) return dockerConfigEntries(text, false)
  }
  return []
}
