// Packs the image that the manifests here name, from the machine's static busybox: node examples/pack-web.ts web.tar
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { packImage } from 'timonel'

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file))
/** What the pods of these examples run. */
const programs = ['sh', 'httpd', 'wget', 'nc', 'cat', 'date', 'sleep', 'wc', 'echo', 'test', 'true', 'printf']
const [, , archive] = process.argv
if (archive === undefined || busybox === undefined) {
  console.error(
    busybox === undefined
      ? 'there is no busybox: apt-get install busybox-static'
      : 'usage: pack-web.ts ARCHIVE',
  )
  process.exit(1)
}
writeFileSync(
  archive,
  await packImage({
    name: 'timonel.local/web:1',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    files: [{ path: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) }],
    links: programs.map((name) => ({ path: `bin/${name}`, target: '/bin/busybox' })),
    environment: { PATH: '/bin' },
    directories: [{ path: 'www', mode: 0o755 }],
    command: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'],
  }),
)
