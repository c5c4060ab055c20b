import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pauseElf } from './pause-elf.ts'

const native = process.platform === 'linux' && { x64: 'amd64', arm64: 'arm64' }[process.arch as string]

test('pauseElf() makes small executables for both processors', () => {
  for (const architecture of ['amd64', 'arm64'] as const) {
    const file = pauseElf(architecture)
    expect(file.length).toBeLessThan(400)
    expect(Buffer.from(file).toString('hex')).toMatchSnapshot(architecture)
  }
})

test.skipIf(native !== 'amd64' && native !== 'arm64')(
  'pauseElf() waits, survives the end of children, and ends on SIGTERM',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-pause-'))
    try {
      const path = join(folder, 'pause')
      writeFileSync(path, pauseElf(native === 'arm64' ? 'arm64' : 'amd64'), { mode: 0o755 })
      const child = spawn(path)
      const ended = new Promise<string>((resolve) => {
        child.on('exit', (code, signal) => resolve(`${code} ${signal}`))
      })
      await new Promise((resolve) => setTimeout(resolve, 50))
      child.kill('SIGCHLD')
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(child.exitCode).toBe(null)
      child.kill('SIGTERM')
      expect(await ended).toBe('0 null')
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)
