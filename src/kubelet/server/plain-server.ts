import { createServer, type RequestListener } from 'node:http'

export interface PlainServerOptions {
  readonly address: string
  readonly port: number
  readonly handle: RequestListener
}

/** A server without encryption, for what everyone on the machine may see. Resolves to what stops it. */
export async function startPlainServer({
  address,
  port,
  handle,
}: PlainServerOptions): Promise<() => Promise<void>> {
  const server = createServer(handle)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => resolve())
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

/** `/healthz`, and nothing else (`--healthz-port`). */
export const serveHealth: RequestListener = (request, response) => {
  const found = (request.url ?? '').split('?')[0] === '/healthz'
  response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(found ? 'ok' : '404 page not found\n')
}
