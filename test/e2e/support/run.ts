import { type ChildProcess, spawn } from 'node:child_process'

export interface RunOptions {
  /** Killed with SIGKILL after that. */
  readonly timeoutMs?: number
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly cwd?: string
}

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const defaultTimeoutMs = 60_000

/** Runs a program to its end and keeps what it says; never rejects for an exit code. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? defaultTimeoutMs,
    killSignal: 'SIGKILL',
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  child.stdin.on('error', () => {}) // whoever ends early need not read
  child.stdin.end(options.input ?? '')
  const said = listen(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...said() }))
  })
}

/** As `run`, but a failure is an error that shows what was said. */
export async function succeed(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`)
  return stdout
}

/** What a process has said so far. */
export function listen(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return () => ({ ...said })
}
