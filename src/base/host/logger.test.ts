import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createLogger } from './logger.ts'

test('createLogger() writes JSON lines with fields, errors and the fields of its parents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-logger-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'deep', 'log')
  const logger = createLogger({ destination: path })
  logger.debug('not shown')
  logger.child({ component: 'store' }).warn('it is late', { error: new Error('boom'), key: '/a' })
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(lines.length).toBe(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    component: 'store',
    key: '/a',
    msg: 'it is late',
    error: { message: 'boom', type: 'Error' },
  })
})
