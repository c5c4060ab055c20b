import colors from 'picocolors'
import type { Step } from '../cluster/progress.ts'
import { describeError } from './describe-error.ts'

const milliseconds = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`)

/** One line for each step that has ended; a terminal also sees the one under way. Why one failed ends the command. */
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
        out.write(`${clear}${colors.red('✗')} ${step.name}\n`)
    }
  }
}

/** What went wrong, on standard error. */
export function printError(error: unknown): void {
  process.stderr.write(`${colors.red('error:')} ${describeError(error)}\n`)
}
