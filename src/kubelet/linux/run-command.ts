import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly result: CommandResult
  constructor(command: readonly string[], result: CommandResult) {
    const said = result.stderr.trim() || result.stdout.trim()
    super(`${command.join(' ')} failed with ${result.code}${said === '' ? '' : `: ${said}`}`)
    this.result = result
  }
}

/** Runs a program of the system to its end; rejects with CommandError when it fails, or as Node does when there is none. */
export function runCommand(command: readonly string[], input?: Uint8Array): Promise<CommandResult> {
  const [program = '', ...operands] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, operands, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
    child.on('error', reject)
    child.on('close', (code) => {
      const result = {
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }
      if (code === 0) resolve(result)
      else reject(new CommandError(command, result))
    })
  })
}
