import type { NamedPairFiles } from '../../access/follow-certificates.ts'
import type { Flag } from './flag-types.ts'

function parse(value: string): NamedPairFiles {
  const [, files = '', list] = /^([^:]*)(?::([\s\S]*))?$/.exec(value) ?? []
  if (list?.trim() === '') throw new Error('empty names list is not allowed')
  const [certificate, key, ...more] = files.split(',').map((file) => file.trim())
  if (certificate === undefined || key === undefined || more.length > 0)
    throw new Error('expected comma separated certificate and key file paths')
  return { certificate, key, names: list?.split(',').map((name) => name.trim()) ?? [] }
}

const textOf = ({ certificate, key, names }: NamedPairFiles): string =>
  `${certificate},${key}${names.length > 0 ? `:${names.join(',')}` : ''}`

/** `certificate,key` or `certificate,key:name,name`, repeated: the files of certificates with the names they are for. */
export const namedPairs = (usage: string): Flag<readonly NamedPairFiles[]> => ({
  type: 'namedCertKey',
  usage,
  fallback: [],
  parse: (value, before = []) => [...before, parse(value)],
  text: (value) => `[${value.map(textOf).join(';')}]`,
})
