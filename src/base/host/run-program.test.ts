import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

test('runProgram() gives what a program says, and why one failed', async () => {
  expect(await runProgram('sh', ['-c', 'cat'], { input: 'said' })).toBe('said')
  await expect(runProgram('sh', ['-c', 'echo bad >&2; exit 3'])).rejects.toMatchObject({
    exitCode: 3,
    stderr: 'bad\n',
    message: 'sh -c echo bad >&2; exit 3 failed with exit code 3: bad',
  })
  await expect(runProgram('timonel-no-such-program', [])).rejects.toMatchObject({ missing: true })
})

test('runProgram() kills a program that is not wanted any more', async () => {
  const control = new AbortController()
  const run = runProgram('sh', ['-c', 'exec sleep 600'], { signal: control.signal })
  control.abort()
  await expect(run).rejects.toThrow('sh -c exec sleep 600 was ended by SIGKILL')
})
