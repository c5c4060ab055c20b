import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extract } from 'tar-stream'

/** A registry over plain HTTP on loopback that holds one image. */
export interface SmallRegistry {
  /** `127.0.0.1:40123` */
  readonly address: string
  /** Paths that were asked for. */
  readonly requests: string[]
  /** Answers everything with this code from now on. */
  failWith(code: number): void
  close(): Promise<void>
}

function filesOf(archive: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const reading = extract()
  reading.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: unknown) => {
      if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
    })
    stream.on('end', () => {
      files.set(header.name, Buffer.concat(chunks))
      next()
    })
  })
  return new Promise((resolve, reject) => {
    reading.on('finish', () => resolve(files))
    reading.on('error', reject)
    reading.end(archive)
  })
}

/** Serves the image of an OCI archive under every name and tag. */
export async function smallRegistry(archive: Buffer): Promise<SmallRegistry> {
  const files = await filesOf(archive)
  const index = JSON.parse(files.get('index.json')?.toString() ?? '{}')
  const digest: string = index.manifests[0].digest
  const manifestType: string = index.manifests[0].mediaType
  const requests: string[] = []
  let failure = 0
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    requests.push(url)
    if (failure !== 0) {
      response.writeHead(failure).end()
      return
    }
    if (url === '/v2/') {
      response.writeHead(200).end('{}')
      return
    }
    const isManifest = url.includes('/manifests/')
    const wanted = isManifest && !url.includes('sha256:') ? digest : (/sha256:[0-9a-f]+/.exec(url)?.[0] ?? '')
    const content = files.get(`blobs/${wanted.replace(':', '/')}`)
    if (content === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'Content-Type': isManifest ? manifestType : 'application/octet-stream',
      'Docker-Content-Digest': wanted,
      'Content-Length': content.length,
    })
    response.end(request.method === 'HEAD' ? undefined : content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failWith: (code) => {
      failure = code
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
