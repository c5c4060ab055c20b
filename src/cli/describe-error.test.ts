import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeError } from './describe-error.ts'

test('describeError() names the port that is in use, and what to do', async () => {
  const first = createServer()
  const port = await new Promise<number>((resolve, reject) => {
    first.listen(0, '127.0.0.1', () => {
      const address = first.address()
      if (address === null || typeof address === 'string') reject(new Error('no port'))
      else resolve(address.port)
    })
  })
  const second = createServer()
  const error = await new Promise((resolve) => {
    second.on('error', resolve)
    second.listen(port, '127.0.0.1')
  })
  first.close()
  expect(describeError(error)).toBe(`port ${port} is in use already: choose another one with --api-port`)
})

test('describeError() says which path is not a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-describe-'))
  try {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    let caught: unknown
    try {
      mkdirSync(join(file, 'below'))
    } catch (error) {
      caught = error
    }
    expect(describeError(caught)).toBe(
      `${join(file, 'below')} is not a folder, or lies in something that is not`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('describeError() keeps the words of our own errors', () => {
  expect(describeError(new Error('the cluster is not running'))).toBe('the cluster is not running')
  expect(describeError('text')).toBe('text')
})
