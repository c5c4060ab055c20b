import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { extendedRequests } from './extended-requests.ts'

const container = (name: string, requests: Readonly<Record<string, string>>, restartPolicy?: string) => ({
  ...{ name, resources: { requests } },
  ...(restartPolicy && { restartPolicy }),
})
const gpu = (count: string) => ({ 'example.com/gpu': count })
const classOf = (name: string) =>
  name.startsWith('example.com/') ? { metadata: { name: `class-of-${name.slice(12)}` }, spec: {} } : undefined

function shown(containers: readonly core.v1.Container[], initContainers: readonly core.v1.Container[] = []) {
  const pod = { spec: { containers: [...containers], initContainers: [...initContainers] } }
  const { requests, mappings } = extendedRequests(pod, ['example.com/nic', 'example.com/gpu'], classOf)
  return [
    requests.map(({ name, exactly }) => `${name}: ${exactly?.count} ${exactly?.deviceClassName}`),
    mappings.map((one) => `${one.containerName} ${one.resourceName} ${one.requestName}`),
  ]
}

test('extendedRequests() names requests by container and place, and gives each container its own', () => {
  const all = { ...gpu('2'), cpu: '1', 'example.com/nic': '1' }
  expect(shown([container('a', all), container('b', gpu('1')), container('c', { cpu: '1' })])).toEqual([
    [
      'container-0-request-1: 2 class-of-gpu',
      'container-0-request-2: 1 class-of-nic',
      'container-1-request-0: 1 class-of-gpu',
    ],
    [
      'a example.com/gpu container-0-request-1',
      'b example.com/gpu container-1-request-0',
      'a example.com/nic container-0-request-2',
    ],
  ])
})

test('extendedRequests() lets init containers use what comes after them, and share what they need beyond', () => {
  const containers = [container('main', gpu('1'))]
  const init = [
    container('small', gpu('2')),
    container('large', gpu('4')),
    container('side', gpu('1'), 'Always'),
  ]
  expect(shown(containers, init)).toEqual([
    [
      'container-1-request-0: 2 class-of-gpu',
      'container-2-request-0: 1 class-of-gpu',
      'container-3-request-0: 1 class-of-gpu',
    ],
    [
      'side example.com/gpu container-2-request-0',
      'main example.com/gpu container-3-request-0',
      'small example.com/gpu container-2-request-0',
      'small example.com/gpu container-3-request-0',
      'large example.com/gpu container-2-request-0',
      'large example.com/gpu container-3-request-0',
      'large example.com/gpu container-1-request-0',
    ],
  ])
})
