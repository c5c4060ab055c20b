import { expect, test } from 'vitest'
import { recursiveReadOnly } from './recursive-read-only.ts'

const mount = { name: 'v', mountPath: '/v', readOnly: true }

test.each([
  [mount, true, false],
  [{ ...mount, recursiveReadOnly: 'Disabled' }, true, false],
  [{ ...mount, recursiveReadOnly: 'IfPossible' }, true, true],
  [{ ...mount, recursiveReadOnly: 'IfPossible' }, false, false],
  [{ ...mount, recursiveReadOnly: 'Enabled' }, true, true],
])('recursiveReadOnly() (%#)', (given, possible, result) => {
  expect(recursiveReadOnly(given, possible)).toBe(result)
})

test('recursiveReadOnly() says why it cannot be', () => {
  const wanted = { ...mount, recursiveReadOnly: 'Enabled' }
  const text = 'volume "v" requested recursive read-only mode, but it is not'
  expect(() => recursiveReadOnly(wanted, false)).toThrow(`${text} supported by the runtime`)
  expect(() => recursiveReadOnly({ ...wanted, readOnly: false }, true)).toThrow(`${text} read-only`)
})
