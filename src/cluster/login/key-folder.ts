import { readdirSync, rmSync } from 'node:fs'
import type { KeyStore } from '../../login/oidc/signing-keys.ts'
import { KeyFiles } from '../pki/key-files.ts'

const keyName = /^(\d+)\.key$/

/** Signing keys as files of a folder, each named after when it begins to sign. Throws an Error where it cannot be used. */
export function keyFolder(folder: string): KeyStore {
  const files = new KeyFiles(folder)
  const names = (): readonly string[] => readdirSync(folder).filter((name) => keyName.test(name))
  const nameOf = (fromMs: number): string => `${fromMs}.key`
  return {
    load: () =>
      names()
        .map((name) => ({ fromMs: Number(keyName.exec(name)?.[1]), privateKeyPem: files.read(name) ?? '' }))
        .sort((a, b) => a.fromMs - b.fromMs),
    save: (keys) => {
      const known = names()
      for (const { fromMs, privateKeyPem } of keys)
        if (!known.includes(nameOf(fromMs))) files.write(nameOf(fromMs), privateKeyPem)
      const kept = keys.map(({ fromMs }) => nameOf(fromMs))
      for (const name of known.filter((each) => !kept.includes(each))) rmSync(files.path(name))
    },
  }
}
