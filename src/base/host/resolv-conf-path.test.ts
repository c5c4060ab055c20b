import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { resolvConfPath } from './resolv-conf-path.ts'

test("resolvConfPath() looks behind systemd-resolved's stub, where there is something behind it", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-resolv-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [usual, behindStub] = [join(folder, 'usual'), join(folder, 'behind')]
  const chosen = () => resolvConfPath({ usual, behindStub })
  expect(await chosen()).toBe(usual)
  writeFileSync(usual, '# stub\nnameserver 127.0.0.53\noptions edns0\n')
  expect(await chosen()).toBe(usual)
  writeFileSync(behindStub, 'nameserver 192.0.2.1\n')
  expect(await chosen()).toBe(behindStub)
  writeFileSync(usual, 'nameserver 127.0.0.53\nnameserver 192.0.2.2\n')
  expect(await chosen()).toBe(usual)
})
