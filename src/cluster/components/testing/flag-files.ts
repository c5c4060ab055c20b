import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { selfSigned } from '../read-pem.ts'

/** Files that flags may name, in a folder that is gone after the tests of a file. */
export function flagFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-flags-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const pair = selfSigned({ folder, name: 'pair', names: ['localhost'] })
  const kubeconfig = file(
    'kubeconfig',
    `apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: https://127.0.0.1:9}}]
users: [{name: a, user: {token: t}}]
`,
  )
  return {
    folder,
    file,
    pair,
    kubeconfig,
    certificate: join(folder, 'pair.crt'),
    key: join(folder, 'pair.key'),
  }
}
