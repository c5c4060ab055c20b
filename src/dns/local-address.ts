import { ProgramError, type RunProgram } from '../base/host/run-program.ts'

const withPrefix = (address: string): string => (address.includes(':') ? `${address}/128` : `${address}/32`)

/** Makes `address` one of this network namespace's own: pods reach it by their gateway, without translation. */
export async function addLocalAddress(address: string, run: RunProgram): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up'])
  // Of the scope `host`, so that the kernel never chooses it as the address that something else speaks from.
  await run('ip', ['address', 'replace', withPrefix(address), 'dev', 'lo', 'scope', 'host'])
}

/** The kernel's words, and those of newer kernels. */
const absent = /Cannot assign requested address|Address not found/

/** Also where it is not there. */
export async function removeLocalAddress(address: string, run: RunProgram): Promise<void> {
  try {
    await run('ip', ['address', 'del', withPrefix(address), 'dev', 'lo'])
  } catch (error) {
    const gone = error instanceof ProgramError && absent.test(error.stderr)
    if (!gone) throw error
  }
}
