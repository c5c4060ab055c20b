// Bundles the program and the library into dist/. Runs with any Node that npm runs with.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const out = join(root, 'dist')

if (process.argv.includes('--if-missing') && existsSync(join(out, 'timonel.js'))) process.exit(0)
mkdirSync(out, { recursive: true })
// The library's types take longer than all else: they stay until they are asked for again.
const kept = process.argv.includes('--types') ? [] : ['types']
for (const name of readdirSync(out).filter((each) => !kept.includes(each))) {
  rmSync(join(out, name), { recursive: true })
}

// As an ES module node:http gives everything that it has, also what makes it load Node's fetch and WebSocket.
const lazyHttp = {
  name: 'lazy-http',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({ path, namespace: 'lazy-http' }))
    onLoad({ filter: /.*/, namespace: 'lazy-http' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}

await build({
  entryPoints: {
    timonel: join(root, 'src/cli/main.ts'),
    index: join(root, 'src/cluster/index.ts'),
    'wasm-worker': join(root, 'src/kubelet/runtime/wasm/wasm-worker.ts'),
    'yaml-worker': join(root, 'src/apiserver/http/yaml-worker.ts'),
  },
  outdir: out,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // V8 holds the program's text, comments and indentation with it. The lines stay short enough for a stack to name a
  // place, the maps tell `node --enable-source-maps` and the benchmarks' profiles which place of the source that is.
  minifyWhitespace: true,
  lineLimit: 160,
  sourcemap: 'linked',
  sourcesContent: false,
  // lmdb loads its native part by its own place on the disk.
  external: ['lmdb'],
  plugins: [lazyHttp],
  define: { TIMONEL_VERSION: JSON.stringify(version) },
  banner: {
    js: "import { createRequire as timonelCreateRequire } from 'node:module'; const require = timonelCreateRequire(import.meta.url);",
  },
  logLevel: 'warning',
})

for (const name of readdirSync(out).filter((each) => each.endsWith('.js'))) {
  const file = join(out, name)
  const text = readFileSync(file, 'utf8')
  // One such character, as only regular expressions keep it, doubles what V8 needs for the whole file.
  const [found] = /[^\0-\xff]/u.exec(text) ?? []
  if (found !== undefined) throw new Error(`${name} has “${found}”: write it as an escape in the source`)
  // A method of that name at the start of a line is taken for the keyword by Vite, which reads the library in tests.
  writeFileSync(file, text.replaceAll(/\.\n(?=(?:ex|im)port\b)/gu, '\n.'))
  nameUnreadableSources(`${file}.map`)
}

// What kubectl explain tells of fields.
execFileSync(join(root, 'node_modules/.bin/node'), [join(root, 'scripts/field-docs.ts')], { stdio: 'ignore' })

// The pinned Node runs the program wherever the system's own is older. Half of V8's usual room for new objects costs
// nothing that can be measured here, and saves a fifth of the memory under load; what is detached inherits it.
const launcher = join(out, 'timonel')
const v8Flags = '--max-semi-space-size=8'
writeFileSync(
  launcher,
  `#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexec "$here/../node_modules/.bin/node" ${v8Flags} "$here/timonel.js" "$@"\n`,
)
chmodSync(launcher, 0o755)
writeEnvtestLaunchers(join(out, 'envtest'))

if (process.argv.includes('--types')) {
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.types.json')], {
    stdio: 'inherit',
  })
}

/** Whoever follows the maps looks for the files that they name, and warns of those that only this build has seen. */
function nameUnreadableSources(file) {
  const map = JSON.parse(readFileSync(file, 'utf8'))
  map.sourcesContent = map.sources.map((source) =>
    existsSync(join(out, source)) ? null : '// made by the build',
  )
  writeFileSync(file, JSON.stringify(map))
}

/** What KUBEBUILDER_ASSETS names. Their help, which envtest reads before each start, is a file: it costs no start. */
function writeEnvtestLaunchers(folder) {
  mkdirSync(folder)
  const node = '"$here/../../node_modules/.bin/node"'
  for (const name of ['kube-apiserver', 'etcd']) {
    const help = execFileSync(launcher, ['envtest', name, '--help'])
    writeFileSync(join(folder, `${name}.help`), help)
    write(
      name,
      `case "$1" in -h|--help) exec cat "$here/${name}.help" ;; esac\nexec ${node} ${v8Flags} "$here/../timonel.js" envtest ${name} "$@"`,
    )
  }
  // The machine's own, wherever this folder stands in PATH.
  write(
    'kubectl',
    `IFS=:\nfor folder in $PATH; do\n  [ -x "$folder/kubectl" ] && [ "$(readlink -f "$folder/kubectl")" != "$here/kubectl" ] && exec "$folder/kubectl" "$@"\ndone\necho "error: there is no kubectl on this machine" >&2\nexit 127`,
  )
  function write(name, body) {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n${body}\n`)
    chmodSync(file, 0o755)
  }
}
