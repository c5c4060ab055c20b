import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { parseImageName, withDefaultTag } from './image-name.ts'
import { packImage } from './pack-image.ts'
import { pullCredentials } from './pull-credentials.ts'

test.each([
  ['busybox', 'docker.io/library/busybox', 'latest'],
  ['me/app:1', 'docker.io/me/app', '1'],
  ['localhost:5000/app', 'localhost:5000/app', 'latest'],
  ['registry.example/team/app:v2', 'registry.example/team/app', 'v2'],
  ['10.0.0.1:5000/a/b/c', '10.0.0.1:5000/a/b/c', 'latest'],
])('parseImageName() splits %s', (image, repository, tag) => {
  expect(parseImageName(image)).toMatchObject({ repository, tag })
})

test('withDefaultTag() leaves tags and digests alone', () => {
  const digest = `app@sha256:${'0'.repeat(64)}`
  expect(withDefaultTag('app')).toBe('app:latest')
  expect(withDefaultTag('app:1')).toBe('app:1')
  expect(withDefaultTag(digest)).toBe(digest)
})

test.each([
  [
    'App',
    `couldn't parse image name "App": invalid reference format: repository name (library/App) must be lowercase`,
  ],
  ['a b', `couldn't parse image name "a b": invalid reference format`],
  ['', `couldn't parse image name "": invalid reference format`],
])('parseImageName() refuses %j', (image, message) => {
  expect(() => parseImageName(image)).toThrow(message)
})

test('pullCredentials() gives what fits the repository, the most specific first', () => {
  const auth = (text: string): string => btoa(text)
  const secret: core.v1.Secret = {
    data: {
      '.dockerconfigjson': btoa(
        JSON.stringify({
          auths: {
            'https://registry.example': { auth: auth('wide:1') },
            'registry.example/team': { username: 'narrow', password: '2' },
            '*.example.org': { auth: auth('star:a:b') },
            'https://index.docker.io/v1/': { auth: auth('hub:3') },
          },
        }),
      ),
    },
  }
  const users = (repository: string): readonly (string | undefined)[] =>
    pullCredentials([secret], repository).map(({ auth: { username } }) => username)
  expect(users('registry.example/team/app')).toEqual(['narrow', 'wide'])
  expect(users('registry.example/app')).toEqual(['wide'])
  expect(pullCredentials([secret], 'eu.example.org/app')).toEqual([
    { key: '*.example.org', auth: { username: 'star', password: 'a:b' }, secret },
  ])
  expect(users('docker.io/library/busybox')).toEqual(['hub'])
  expect(users('nowhere.example/app')).toEqual([])
})

test('packImage() makes the same bytes from the same recipe', async () => {
  const recipe = {
    name: 'docker.io/library/a:1',
    architecture: 'amd64' as const,
    files: [{ path: 'bin/a', mode: 0o755, content: new Uint8Array([1, 2, 3]) }],
    entrypoint: ['/bin/a'],
  }
  const archive = await packImage(recipe)
  expect(archive.equals(await packImage(recipe))).toBe(true)
  expect(archive.toString('latin1')).toContain('oci-layout')
})
