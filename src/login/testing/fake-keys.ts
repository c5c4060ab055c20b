import type { KeptKey } from '../oidc/plan-keys.ts'
import type { KeyMaker, KeyStore } from '../oidc/signing-keys.ts'

const encoder = new TextEncoder()

/** Keys that sign with their own name, numbered as they are made. */
export function fakeKeyMaker(): KeyMaker {
  let made = 0
  return {
    make: () => `key-${++made}`,
    use: (name) => ({
      algorithm: 'RS256',
      keyId: name,
      sign: () => encoder.encode(name),
      verify: () => false,
      publicKeys: [{ kid: name }],
    }),
  }
}

/** Keys that are kept in memory. */
export function fakeKeyStore(): KeyStore & { kept: readonly KeptKey[] } {
  const store = {
    kept: [] as readonly KeptKey[],
    load: () => store.kept,
    save: (keys: readonly KeptKey[]) => {
      store.kept = keys
    },
  }
  return store
}
