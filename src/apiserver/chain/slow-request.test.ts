import { expect, test } from 'vitest'
import { type LogFields, silentLogger } from '../../base/logger.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { requestInfo } from './request-info.ts'
import { logSlow } from './slow-request.ts'

function logged(method: string, path: string): readonly (readonly [string, LogFields | undefined])[] {
  const lines: (readonly [string, LogFields | undefined])[] = []
  const info = (message: string, fields?: LogFields): void => {
    lines.push([message, fields])
  }
  const request = fakeRequest({ method, target: `${path}?token=secret` })
  request.info = requestInfo(request)
  request.took('etcd', 600.12345)
  request.took('etcd', 1)
  logSlow({ ...silentLogger, info }, request, 200, 700.5)
  return lines
}

test('logSlow() says what was asked and how long its steps took, without the query', () => {
  const path = '/api/v1/namespaces/a/configmaps/x'
  const lines = logged('GET', path)
  expect(lines).toMatchObject([
    [
      'slow request',
      {
        verb: 'get',
        url: path,
        resource: 'configmaps',
        name: 'x',
        code: 200,
        totalMs: 700.5,
        stepsMs: { etcd: 601.123 },
      },
    ],
  ])
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test.each(['/healthz', '/api/v1/namespaces/a/pods/p/log'])('logSlow() leaves out %s', (path) => {
  expect(logged('GET', path)).toEqual([])
})
