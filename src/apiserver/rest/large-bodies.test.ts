import { expect, test, vi } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { startTestServer } from '../testing/test-server.ts'
import { largeBytes } from './body.ts'

test('what is large is worked on in several turns, and what is small in none of its own', async () => {
  const nextTurn = vi.spyOn(realHost, 'nextTurn')
  const server = await startTestServer({ host: realHost })
  const path = '/api/v1/namespaces/a/configmaps'
  const turnsOf = async (method: string, name: string, data: object): Promise<number> => {
    nextTurn.mockClear()
    const at = method === 'POST' ? path : `${path}/${name}`
    const { status } = await server.call(method, at, { metadata: { name }, data })
    expect(status).toBeLessThan(300)
    return nextTurn.mock.calls.length
  }
  const large = { text: 'x'.repeat(largeBytes) }
  const small = { text: 'x' }
  await turnsOf('POST', 'first', small)
  const created = await turnsOf('POST', 'small', small)
  expect(await turnsOf('POST', 'large', large)).toBeGreaterThanOrEqual(created + 3)
  const written = await turnsOf('PUT', 'small', { text: 'y' })
  expect(await turnsOf('PUT', 'large', { ...large, more: 'y' })).toBeGreaterThanOrEqual(written + 3)
  await server.close()
  nextTurn.mockRestore()
})
