import { afterEach, expect, test } from 'vitest'
import { RealHost, realHost } from '../../base/host/real-host.ts'
import type { Timer } from '../../base/host.ts'
import type { RequestBody } from '../request.ts'
import { YamlReader } from './yaml-reader.ts'

const reader = new YamlReader(realHost)
const type = 'application/yaml'
const padding = `# ${'x'.repeat(70_000)}\n`

const read = async (
  text: string,
  contentType = type,
  by = reader,
): Promise<RequestBody & { type: 'bytes' }> => {
  const bytes = new TextEncoder().encode(text)
  const body = await by.read(Promise.resolve({ type: 'bytes', bytes }), contentType)
  if (body.type !== 'bytes') throw new Error('no bytes')
  return body
}

afterEach(() => reader.close())

test('YamlReader reads large bodies in its thread, several at a time, and again after its end', async () => {
  const bodies = await Promise.all(['a: 1', 'b: [x, z]'].map((text) => read(`${padding}${text}\n`)))
  expect(bodies.map((body) => body.yaml?.())).toEqual([{ value: { a: 1 } }, { value: { b: ['x', 'z'] } }])
  reader.close()
  expect((await read(`${padding}c: true\n`)).yaml?.()).toEqual({ value: { c: true } })
})

test('YamlReader tells errors in the words of the parser', async () => {
  const { yaml } = await read(`${padding}a: *nobody\n`)
  expect(() => yaml?.()).toThrow("yaml: unknown anchor 'nobody' referenced")
})

test('YamlReader leaves small bodies, and JSON that is applied, as they are', async () => {
  expect((await read('a: 1\n')).yaml).toBeUndefined()
  const applied = await read(`{"a":"${'x'.repeat(70_000)}"}`, 'application/apply-patch+yaml')
  expect(applied.yaml).toBeUndefined()
})

/** Time passes when the test says so. */
class StillHost extends RealHost {
  readonly due: (() => void)[] = []

  override schedule(_delayMs: number, callback: () => void): Timer {
    this.due.push(callback)
    return { cancel: () => {} }
  }
}

test('YamlReader gives up what takes too long, and reads what comes after it', async () => {
  const host = new StillHost()
  const impatient = new YamlReader(host)
  const [much, after] = [`[${','.repeat(1_000_000)}`, `${padding}a: 1\n`].map((text) =>
    read(text, type, impatient),
  )
  await new Promise((resolve) => setImmediate(resolve))
  host.due.shift()?.()
  expect((await much)?.yaml).toThrow('yaml: the document takes too long to read')
  expect((await after)?.yaml?.()).toEqual({ value: { a: 1 } })
  impatient.close()
})
