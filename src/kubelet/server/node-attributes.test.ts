import { expect, test } from 'vitest'
import { nodeAttributes } from './node-attributes.ts'

test.each([
  ['/pods', ['pods', 'proxy']],
  ['/runningpods/', ['pods', 'proxy']],
  ['/healthz/log', ['healthz', 'proxy']],
  ['/configz', ['configz', 'proxy']],
  ['/stats/summary', ['stats']],
  ['/metrics/cadvisor', ['metrics']],
  ['/logs/syslog', ['log']],
  ['/checkpoint/a/b/c', ['checkpoint']],
  ['/statusz', ['statusz']],
  ['/flagz', ['configz']],
  ['/exec/default/web/main', ['proxy']],
  ['/metricsx', ['proxy']],
  ['/constructor', ['proxy']],
  ['/', ['proxy']],
])('nodeAttributes() of %s are %j', (path, subresources) => {
  expect(nodeAttributes('GET', path)).toEqual({ verb: 'get', subresources, path })
})

test('nodeAttributes() knows verbs by their methods', () => {
  const methods = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'HEAD']
  expect(methods.map((method) => nodeAttributes(method, '/run').verb)).toEqual([
    ...['create', 'get', 'update', 'patch', 'delete', ''],
  ])
})
