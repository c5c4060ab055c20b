import { enableCompileCache } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Compiling the program is a third of a start: what was compiled is kept beside it, where that can be written.
enableCompileCache(join(dirname(fileURLToPath(import.meta.url)), 'compiled'))

/** Commands that take upstream's flags, and start without what the others need. Each gives its exit code. */
const components: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  apiserver: async (args) => (await import('./commands/apiserver.ts')).apiserver(args),
  'controller-manager': async (args) =>
    (await import('./commands/controller-manager.ts')).controllerManager(args),
  scheduler: async (args) => (await import('./commands/scheduler.ts')).scheduler(args),
  kubelet: async (args) => (await import('./commands/kubelet.ts')).kubelet(args),
  proxy: async (args) => (await import('./commands/proxy.ts')).proxy(args),
  'login-server': async (args) => (await import('./commands/login-server.ts')).runLoginServer(args),
  envtest: async (args) => (await import('./commands/envtest.ts')).envtest(args),
}

// Whoever reads may stop early, as head does: what runs goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  const [name = '', ...args] = process.argv.slice(2)
  const component = Object.hasOwn(components, name) ? components[name] : undefined
  if (component === undefined) await (await import('./program.ts')).program().parseAsync()
  else process.exit(await component(args))
} catch (error) {
  const { printError } = await import('./print.ts')
  printError(error)
  process.exitCode = 1
}
