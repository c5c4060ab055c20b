import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../e2e/support/run.ts'
import type { Behave, Ground } from './suite.ts'

export interface Kubectl {
  /** What it says; an error when it ends with another code than zero. */
  readonly succeed: (words: readonly string[], input?: string) => Promise<string>
  readonly run: (words: readonly string[], input?: string) => ReturnType<typeof run>
  readonly start: (words: readonly string[]) => ChildProcess
  /** Empty at first. */
  readonly folder: string
}

/** The administrator's kubectl, in the behaviour's namespace. */
export const kubectl =
  (behave: (ground: Ground, kubectl: Kubectl) => Promise<void>): Behave =>
  async (ground) => {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-kubectl-'))
    const config = join(folder, 'config')
    writeFileSync(config, ground.cluster.kubeconfig, { mode: 0o600 })
    const shared = ['--kubeconfig', config, '--cache-dir', join(folder, 'cache'), '-n', ground.namespace]
    const children: ChildProcess[] = []
    const runWords = (words: readonly string[], input?: string) =>
      run(['kubectl', ...shared, ...words], input === undefined ? {} : { input })
    try {
      await behave(ground, {
        folder,
        run: runWords,
        succeed: async (words, input) => {
          const { code, stdout, stderr } = await runWords(words, input)
          if (code !== 0) throw new Error(`kubectl ${words.join(' ')} ended with ${code}: ${stderr}${stdout}`)
          return stdout
        },
        start: (words) => {
          const child = spawn('kubectl', [...shared, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
          children.push(child)
          return child
        },
      })
    } finally {
      for (const child of children) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  }
