import { spawn } from 'node:child_process'

export interface ProgramOptions {
  /** Written to its standard input, which is then closed. */
  readonly input?: string
  /** Killed with SIGKILL after that; 30 s when absent. */
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
  /** Killed with SIGKILL when it aborts. */
  readonly signal?: AbortSignal
}

/** Runs a program to its end and resolves to what it wrote to its standard output; rejects with ProgramError. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
) => Promise<string>

/** A program that could not be started (`exitCode` undefined), failed, or took too long. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
  readonly program: string
  readonly exitCode: number | undefined
  readonly stderr: string
  /** There is no such program on this machine. */
  readonly missing: boolean

  constructor(
    message: string,
    details: {
      readonly program: string
      readonly exitCode?: number
      readonly stderr?: string
      readonly missing?: boolean
    },
  ) {
    super(message)
    this.program = details.program
    this.exitCode = details.exitCode
    this.stderr = details.stderr ?? ''
    this.missing = details.missing ?? false
  }
}

const defaultTimeoutMs = 30_000

/** What a failing program's last words may add to an error's message. */
const longestQuoteLength = 2_000

const quote = (stderr: string): string => stderr.trim().slice(0, longestQuoteLength)

export const runProgram: RunProgram = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: options.env === undefined ? process.env : { ...process.env, ...options.env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      // It has been killed: how it ends is told when it has.
      if (options.signal?.aborted && child.pid !== undefined) return
      const missing = error.code === 'ENOENT'
      const reason = missing ? 'there is no such program on this machine' : error.message
      reject(new ProgramError(`cannot start ${program}: ${reason}`, { program, missing }))
    })
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(stdout)
      const how = signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`
      const message = `${[program, ...args].join(' ')} ${how}: ${quote(stderr)}`
      reject(
        new ProgramError(message, code === null ? { program, stderr } : { program, stderr, exitCode: code }),
      )
    })
    // A program that ends before it has read everything says why by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })

/** The same in another network namespace, given by its path (`/run/netns/NAME`). Needs root. */
export function inNetworkNamespace(path: string, run: RunProgram = runProgram): RunProgram {
  return (program, args, options) => run('nsenter', [`--net=${path}`, program, ...args], options)
}
