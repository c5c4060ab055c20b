import { StatusError } from '../../apimachinery/status-error.ts'
import { realHost } from '../../base/host/real-host.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'

/** The HTTP code of a GET, over a connection of its own; without a token, who asks shows no credential. */
export async function codeOf(server: string, path: string, token?: string): Promise<number> {
  const credential = token === undefined ? {} : { token }
  const transport = createHttpsTransport({
    host: realHost,
    server,
    insecureSkipTlsVerify: true,
    ...credential,
  })
  try {
    return (await transport.request({ method: 'GET', path })).status
  } catch (error) {
    if (error instanceof StatusError) return error.code
    throw error
  } finally {
    await transport.close()
  }
}
