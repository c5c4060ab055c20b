import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRuntimeHandlers } from './read-runtime-handlers.ts'
import { parseRuntimeHandlers } from './runtime-handlers.ts'

const table = (name: string): string => `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}]`

const gvisor = `version = 2
# gVisor
${table('runsc')}
  runtime_type = "io.containerd.runsc.v1"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runsc.options]
    TypeUrl = "io.containerd.runsc.v1.options"
`

test('parseRuntimeHandlers() takes what gVisor and Kata Containers document', () => {
  const kata = `${table('"kata-qemu"')}\nruntime_type = 'io.containerd.kata.v2'\npod_annotations = [\n  "io.katacontainers.*",\n]\n`
  expect(parseRuntimeHandlers('a.toml', `${gvisor}${kata}`)).toEqual([
    {
      name: 'runsc',
      shim: 'containerd-shim-runsc-v1',
      tables: gvisor.slice(gvisor.indexOf('[')),
    },
    { name: 'kata-qemu', shim: 'containerd-shim-kata-v2', tables: kata },
  ])
  const [own] = parseRuntimeHandlers('a.toml', `${table('x')}\nruntime_type = "/opt/shim"\n`)
  expect(own?.shim).toBe('/opt/shim')
})

test.each([
  ['[grpc]', 'a.toml:1: [grpc] is none of'],
  ['root = "/"', 'a.toml:1: root = "/" stands before'],
  [table('runc'), 'a.toml:1: the runtime "runc" is the node\'s own'],
  [`\n${table('x')}\n`, 'a.toml: runtime "x" needs a runtime_type like "io.containerd.x.v1"'],
])('parseRuntimeHandlers() refuses %j', (text, message) => {
  expect(() => parseRuntimeHandlers('a.toml', text)).toThrow(message)
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-handlers-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('readRuntimeHandlers() says which program is missing, and takes none from a folder that is not there', () => {
  expect(readRuntimeHandlers(join(folder, 'none'), '')).toEqual([])
  writeFileSync(join(folder, 'gvisor.toml'), gvisor)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  expect(() => readRuntimeHandlers(folder, bin)).toThrow(
    'gvisor.toml: runtime "runsc" needs containerd-shim-runsc-v1, which is not there: install it, or take the file away',
  )
  writeFileSync(join(bin, 'containerd-shim-runsc-v1'), '')
  chmodSync(join(bin, 'containerd-shim-runsc-v1'), 0o755)
  expect(readRuntimeHandlers(folder, bin).map(({ name }) => name)).toEqual(['runsc'])
  writeFileSync(join(folder, 'second.toml'), gvisor)
  expect(() => readRuntimeHandlers(folder, bin)).toThrow(
    'second.toml: another file has the runtime "runsc", too',
  )
})
