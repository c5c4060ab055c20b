import { get } from 'node:https'
import type { ComponentProbe, Health } from '../../apiserver/component-status/component-statuses.ts'

/** Upstream's probeTimeOut. */
const timeoutMs = 20_000

const unhealthy = (message: string): Health => ({ healthy: false, message })

/** Why nobody answered, in Go's words where they are known. */
function reason(error: Error, port: number): string {
  if ('code' in error && error.code === 'ECONNREFUSED')
    return `dial tcp 127.0.0.1:${port}: connect: connection refused`
  return error.message
}

/** A component of this machine, by the health of its secure port, whose certificate nobody checks (as upstream). */
const onPort =
  (port: number): ComponentProbe =>
  () =>
    new Promise((resolve) => {
      const url = `https://127.0.0.1:${port}/healthz`
      const request = get(url, { rejectUnauthorized: false, timeout: timeoutMs, agent: false }, (answer) => {
        const { statusCode = 0 } = answer
        let text = ''
        answer.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        answer.on('error', (error) => resolve(unhealthy(error.message)))
        answer.on('end', () => {
          if (statusCode >= 200 && statusCode < 400) resolve({ healthy: true, message: text })
          else resolve(unhealthy(`HTTP probe failed with statuscode: ${statusCode}`))
        })
      })
      request.on('timeout', () => request.destroy(new Error('context deadline exceeded')))
      request.on('error', (error) => resolve(unhealthy(`Get "${url}": ${reason(error, port)}`)))
    })

/** Components that are programs of their own, where upstream has them listen. */
export const separateComponents: ReadonlyMap<string, ComponentProbe> = new Map([
  ['controller-manager', onPort(10_257)],
  ['scheduler', onPort(10_259)],
])
