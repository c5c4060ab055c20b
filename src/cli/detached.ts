import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '../base/host/make-directory.ts'
import { dataDirectory } from '../cluster/data-directory.ts'
import type { Step } from '../cluster/progress.ts'
import { describeError } from './describe-error.ts'
import { printSteps } from './print.ts'

/** What a detached cluster tells the command that started it. */
type Message =
  | { readonly type: 'step'; readonly step: Step }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

/** To the terminal, of the command that started this one where there is one. */
export const say = (text: string): void => {
  if (process.send) process.send({ type: 'note', text } satisfies Message)
  else process.stdout.write(`${text}\n`)
}

/** Of the steps of a start. */
export const report = (): ((step: Step) => void) =>
  process.send
    ? (each) => process.send?.({ type: 'step', step: each } satisfies Message)
    : printSteps(process.stdout)

/** Resolves at the first SIGINT, SIGTERM or end of the terminal; a second one ends the process at once. */
export function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(130)
      asked = true
      if (process.stdout.isTTY) process.stdout.write('\nIt stops; another Ctrl-C ends it at once.\n')
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    process.on('SIGHUP', onSignal)
  })
}

/** Starts this command once more, in a session of its own, and stays until that is ready. */
export function detach(root: string): Promise<void> {
  const { logs } = dataDirectory(root)
  makeDirectory(logs, 0o700)
  const logFile = join(logs, 'timonel.log')
  const log = openSync(logFile, 'a', 0o600)
  const args = process.argv.slice(1).filter((arg) => arg !== '--detach')
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  const print = printSteps(process.stdout)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => {
      const ended = (): void =>
        reject(new Error(`the cluster ended with code ${code} before it was ready; see ${logFile}`))
      // What it said last may still be on its way.
      if (child.connected) child.once('disconnect', ended)
      else ended()
    })
    child.on('message', (message: Message) => {
      switch (message.type) {
        case 'step':
          print(message.step)
          return
        case 'note':
          process.stdout.write(`${message.text}\n`)
          return
        case 'failed':
          reject(new Error(message.message))
          return
        case 'ready':
          child.removeAllListeners()
          child.unref()
          if (child.connected) child.disconnect()
          process.stdout.write(`It runs in the background (log: ${logFile}); "timonel down" stops it.\n`)
          resolve()
      }
    })
  })
}

/** The one that was started so says that it is ready; gives whether it was. */
export function tellReady(): boolean {
  if (!process.send) return false
  process.send({ type: 'ready' } satisfies Message)
  process.disconnect()
  return true
}

/** Does what a command does; what goes wrong is told to the command that started it, where there is one. */
export async function orTell(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!process.send) throw error
    process.send({ type: 'failed', message: describeError(error) } satisfies Message)
    process.exitCode = 1
  }
}
