import colors from 'picocolors'
import type { Step } from '../cluster/progress.ts'

const milliseconds = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`)

/** One line for each step that has ended; a terminal also sees the one under way. */
export function printSteps(out: NodeJS.WriteStream): (step: Step) => void {
  return (step) => {
    const clear = out.isTTY ? '\r\x1b[K' : ''
    switch (step.type) {
      case 'started':
        if (out.isTTY) out.write(`\r\x1b[K${colors.dim('…')} ${step.name}`)
        return
      case 'done': {
        const detail = step.detail ? ` ${colors.dim(step.detail)}` : ''
        out.write(
          `${clear}${colors.green('✓')} ${step.name}${detail} ${colors.dim(`(${milliseconds(step.tookMs)})`)}\n`,
        )
        return
      }
      case 'failed':
        out.write(`${clear}${colors.red('✗')} ${step.name}: ${step.error}\n`)
    }
  }
}

/** What went wrong, in one line, on standard error. */
export function printError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${colors.red('error:')} ${message}\n`)
}
