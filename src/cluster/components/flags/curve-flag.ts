import { type Flag, int } from './flag-types.ts'

/** OpenSSL's names of groups by TLS' numbers (https://www.iana.org/assignments/tls-parameters), Go's favourites first. */
export const curveNames: ReadonlyMap<number, string> = new Map([
  [4588, 'X25519MLKEM768'],
  [4587, 'SecP256r1MLKEM768'],
  [4589, 'SecP384r1MLKEM1024'],
  [29, 'X25519'],
  [23, 'P-256'],
  [24, 'P-384'],
  [25, 'P-521'],
])

const number = int('', 0)

/** Numbers, comma-separated and repeated. */
export const curves = (usage: string): Flag<readonly number[]> => ({
  type: 'int32Slice',
  usage,
  fallback: [],
  parse: (value, before = []) => [
    ...before,
    ...value.split(',').map((text) => {
      const curve = number.parse(text.trim(), undefined)
      if (!curveNames.has(curve)) throw new Error(`unsupported CurveID ${curve}`)
      return curve
    }),
  ],
  text: (value) => `[${value.join(',')}]`,
})
