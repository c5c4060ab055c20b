import { expect, test } from 'vitest'
import { EndpointRoutes } from './endpoint-routes.ts'
import { checkService } from './routing.ts'
import { fakeRequest } from './testing/fake-request.ts'

test.each([
  ['GET', '/version', undefined],
  ['GET', '/version/', undefined],
  ['GET', '/version/x', 404],
  ['HEAD', '/version', 405],
  ['POST', '/version/', 405],
  ['POST', '/version/x', 404],
])('checkService() of %s %s throws %s', (method, target, code) => {
  const check = (): void => checkService(fakeRequest({ method, target }), '/version')
  if (code === undefined) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code }))
})

test.each([
  ['/metrics', 'metrics'],
  ['/metrics/', undefined],
  ['/debug/a', 'debug'],
  ['/debug/a/b', 'debug'],
  ['/debug/c', 'c'],
  ['/debug', undefined],
])('EndpointRoutes.find(%s) is %s', (path, name) => {
  const endpoint = (of: string, ...paths: readonly string[]) => ({
    name: of,
    paths,
    handle: () => Promise.reject(new Error(of)),
  })
  const all = [endpoint('metrics', '/metrics'), endpoint('debug', '/debug/*'), endpoint('c', '/debug/c')]
  const found = new EndpointRoutes(all).find(path)
  expect(all.find((each) => each === found)?.name).toBe(name)
})
