import { expect, test } from 'vitest'
import { fakeRequest } from '../testing/fake-request.ts'
import { flagzPage } from './flagz-page.ts'
import { statuszPage } from './statusz-page.ts'

async function ask(accept: string) {
  let nowMs = Date.UTC(2026, 10, 1, 8)
  const host = { now: () => nowMs, monotonicMs: () => nowMs }
  const endpoint = statuszPage({
    host,
    name: 'apiserver',
    runtime: 'node v24.0.0',
    binaryVersion: '1.36.2',
    emulationVersion: '1.36',
    paths: () => ['/api/v1', '/apis/', '/livez/ping', '/livez', '/statusz', '/'],
  })
  nowMs += 5_323_000
  const response = await endpoint.handle(fakeRequest({ target: '/statusz', headers: { accept } }))
  if (response.type !== 'bytes') throw new Error(response.type)
  const text = response.chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')
  return { type: response.contentType, headers: response.headers, text }
}

test('statuszPage() tells people in text, unless they ask for an object', async () => {
  for (const accept of ['', '*/*', 'text/plain', 'application/json, text/plain;q=0.1']) {
    const { type, text } = await ask(accept)
    expect(type).toBe('text/plain; charset=utf-8')
    expect(text).toMatch(
      /^\napiserver statusz\nWarning: [^\n]+\n\nStarted: \w{3} \w{3} [ \d]\d [\d:]{8} UTC \d{4}\n/,
    )
    expect(text).toContain('\nStarted: Sun Nov  1 08:00:00 UTC 2026\nUp: 1 hr 28 min 43 sec\n')
    expect(text).toContain('\nPaths: /livez /statusz\n')
  }
})

test('statuszPage() gives a Statusz of the version that is asked for', async () => {
  const { type, headers, text } = await ask('application/json;as=Statusz;v=v1beta1;g=config.k8s.io')
  expect([type, headers]).toEqual(['application/json;g=config.k8s.io;v=v1beta1;as=Statusz', {}])
  expect(JSON.parse(text)).toMatchObject({
    kind: 'Statusz',
    apiVersion: 'config.k8s.io/v1beta1',
    metadata: { name: 'apiserver' },
    uptimeSeconds: 5323,
    paths: ['/livez', '/statusz'],
  })
  const older = await ask('application/yaml;as=Statusz;v=v1alpha1;g=config.k8s.io')
  expect(older.headers?.['warning']).toContain('deprecated')
  expect(older.text).toContain('apiVersion: config.k8s.io/v1alpha1\n')
  await expect(ask('application/json')).rejects.toThrow(
    'only the following media types are accepted: application/json, application/yaml, text/plain',
  )
})

test('flagzPage() shows flags by name', () => {
  const page = flagzPage('kube-scheduler', { v: '2', 'bind-address': '0.0.0.0' })
  const textOf = (accept: string) =>
    page
      .answer(accept, false)
      .chunks.map((each) => new TextDecoder().decode(each))
      .join('')
  expect(textOf('')).toMatch(/^\nkube-scheduler flagz\nWarning: [^\n]+\nbind-address=0.0.0.0\nv=2\n$/)
  expect(JSON.parse(textOf('application/json;as=Flagz;v=v1beta1;g=config.k8s.io'))).toEqual({
    kind: 'Flagz',
    apiVersion: 'config.k8s.io/v1beta1',
    metadata: { name: 'kube-scheduler' },
    flags: { v: '2', 'bind-address': '0.0.0.0' },
  })
  expect(() => textOf('application/json;as=Statusz;v=v1beta1;g=config.k8s.io')).toThrow('only the following')
})
