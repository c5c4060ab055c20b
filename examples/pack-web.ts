// Packs the image that web.yaml names, from the machine's static busybox: node examples/pack-web.ts web.tar
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { packImage } from 'timonel'

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file))
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
    links: ['sh', 'httpd', 'wget'].map((name) => ({ path: `bin/${name}`, target: '/bin/busybox' })),
    command: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'],
  }),
)
