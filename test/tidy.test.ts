import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { featureSwitches } from '../src/api/feature-switches.ts'
import { featureGateFacts } from '../src/api/generated/feature-gates.ts'
import {
  featureFolders,
  gatesOfNameOnly,
  hostFreePackages,
  hostGlobals,
  type Layer,
  layers,
  limits,
  sharedState,
} from './house.ts'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
}

const all = filesUnder(source)
const written = all.filter((file) => !file.startsWith('api/generated/'))
const isTest = (file: string): boolean =>
  /\.(test|property\.test)\.ts$/.test(file) || file.includes('/testing/')
const read = (file: string): string => readFileSync(join(source, file), 'utf8')

/** The text without comments, and with strings emptied, line by line as before. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

function importsOf(file: string): readonly string[] {
  const matches = read(file).matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"\n]*?(?:\n[^'"]*?)?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|^import '([^']+)'/g,
  )
  return [...matches].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function layerOf(file: string): Layer | undefined {
  return layers
    .filter((layer) => file.startsWith(`${layer.folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0]
}

const isHostFree = (file: string): boolean => {
  const layer = layerOf(file)
  if (layer === undefined || !layer.hostFree || isTest(file)) return false
  return !(layer.except ?? []).some((part) => file.startsWith(`${part}/`) || file === `${part}.ts`)
}

const target = (file: string, specifier: string): string =>
  relative(source, resolve(source, dirname(file), specifier))

const among = (file: string, folder: string): string | undefined =>
  file.startsWith(`${folder}/`)
    ? file
        .slice(folder.length + 1)
        .split('/')
        .slice(0, -1)[0]
    : undefined

describe('the house', () => {
  test('every file is in a layer', () => {
    expect(all.filter((file) => layerOf(file) === undefined)).toEqual([])
  })

  test('a layer imports only what its row names', () => {
    const broken = written
      .filter((file) => !isTest(file))
      .flatMap((file) => {
        const layer = layerOf(file)
        return importsOf(file)
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => target(file, specifier))
          .filter((to) => {
            const other = to.split('/')[0] ?? ''
            return (
              layer !== undefined && other !== layer.folder.split('/')[0] && !layer.mayImport.includes(other)
            )
          })
          .map((to) => `${file} imports ${to}`)
      })
    expect(broken).toEqual([])
  })

  test('features never import their siblings', () => {
    const broken = written
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        featureFolders.flatMap((folder) => {
          const own = among(file, folder)
          if (own === undefined) return []
          return importsOf(file)
            .filter((specifier) => specifier.startsWith('.'))
            .map((specifier) => among(target(file, specifier), folder))
            .filter((other) => other !== undefined && other !== own)
            .map((other) => `${file} imports ${folder}/${other}`)
        }),
      )
    expect(broken).toEqual([])
  })

  test('host-free files import only packages that are host-free', () => {
    const broken = written.filter(isHostFree).flatMap((file) =>
      importsOf(file)
        .filter(
          (specifier) =>
            !specifier.startsWith('.') &&
            !hostFreePackages.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
        )
        .map((specifier) => `${file} imports ${specifier}`),
    )
    expect(broken).toEqual([])
  })

  test('host-free files do not import the exceptions', () => {
    const exceptions = layers
      .flatMap((layer) => layer.except ?? [])
      .filter((part) => part !== 'storage/conformance')
    const broken = written.filter(isHostFree).flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => target(file, specifier))
        .filter((to) => exceptions.some((part) => to.startsWith(`${part}/`)))
        .map((to) => `${file} imports ${to}`),
    )
    expect(broken).toEqual([])
  })

  test('host-free files use no clock, timer or randomness of the host, and share no state', () => {
    const broken = written.filter(isHostFree).flatMap((file) => {
      const code = codeOf(read(file))
      const globals = hostGlobals.filter((pattern) => pattern.test(code)).map((pattern) => pattern.source)
      return [...globals, ...sharedState(code)].map((what) => `${file}: ${what}`)
    })
    expect(broken).toEqual([])
  })

  test(`no file is longer than ${limits.linesOfAFile} lines`, () => {
    const long = written.filter(
      (file) => !isTest(file) && read(file).split('\n').length - 1 > limits.linesOfAFile,
    )
    expect(long).toEqual([])
  })

  test('nothing in the project reads the folder of facts', () => {
    const broken = all.filter((file) => /\.\.\/shared\b|\/work\/shared/.test(read(file)))
    expect(broken).toEqual([])
  })

  test('every file is reached from an entry', () => {
    const entries = new Set(['cli/main.ts', 'cluster/index.ts'])
    const imported = new Set(
      written
        .filter((file) => !isTest(file) && !file.endsWith('conformance.ts'))
        .flatMap((file) =>
          importsOf(file)
            .filter((specifier) => specifier.startsWith('.'))
            .map((specifier) => target(file, specifier)),
        ),
    )
    const dead = written.filter(
      (file) =>
        !isTest(file) &&
        !file.endsWith('conformance.ts') &&
        !file.includes('/testdata/') &&
        !entries.has(file) &&
        !imported.has(file),
    )
    expect(dead).toEqual([])
  })

  test('a feature gate can be switched exactly where something asks for it', () => {
    const code = written
      .filter((file) => !isTest(file) && file !== 'api/feature-switches.ts')
      .map(read)
      .join('\n')
    const quoted = new Set([...code.matchAll(/'([A-Z][A-Za-z]+)'/g)].map(([, name = '']) => name))
    const asked = Object.keys(featureGateFacts).filter(
      (name) => quoted.has(name) && !gatesOfNameOnly.includes(name),
    )
    const settled = (name: string): boolean => featureGateFacts[name]?.locked ?? true
    expect([...featureSwitches].sort()).toEqual(asked.filter((name) => !settled(name)).sort())
  })

  test('every layer, controller and plugin has a README', () => {
    const features = featureFolders
      .filter((folder) => existsSync(join(source, folder)))
      .flatMap((folder) =>
        readdirSync(join(source, folder), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => `${folder}/${entry.name}`),
      )
    const folders = [
      ...layers.map((layer) => layer.folder).filter((folder) => existsSync(join(source, folder))),
      ...features,
    ]
    expect(folders.filter((folder) => !existsSync(join(source, folder, 'README.md')))).toEqual([])
  })
})
