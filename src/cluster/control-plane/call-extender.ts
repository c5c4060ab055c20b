import { readFileSync } from 'node:fs'
import { HttpsCaller } from '../../apiserver/http/https-caller.ts'
import { defined } from '../../base/defined.ts'
import type { ExtenderCall } from '../../scheduler/extender/extender.ts'
import type { ExtenderSettings } from '../../scheduler/extender/extender-settings.ts'

const fromBase64 = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')

const fromFile = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8')

function callerFor({ tls = {}, enableHttps }: ExtenderSettings): HttpsCaller {
  const ca = fromBase64(tls.caData) ?? fromFile(tls.caFile)
  return new HttpsCaller(
    defined({
      certificateAuthority: ca,
      clientCertificate: fromBase64(tls.certData) ?? fromFile(tls.certFile),
      clientKey: fromBase64(tls.keyData) ?? fromFile(tls.keyFile),
      tlsServerName: tls.serverName,
      // As upstream: HTTPS without an authority trusts whoever answers.
      insecureSkipTlsVerify: tls.insecure === true || (enableHttps && ca === undefined),
    }),
  )
}

/** The way to a scheduler's extenders; `close` ends what is kept open. */
export function extenderCalls(): { readonly call: ExtenderCall; close(): void } {
  const callers = new Map<ExtenderSettings, HttpsCaller>()
  return {
    call: async (url, body, settings) => {
      const caller = callers.get(settings) ?? callerFor(settings)
      callers.set(settings, caller)
      const signal = AbortSignal.timeout(settings.timeoutMs)
      return caller.call({ method: 'POST', url, body, signal })
    },
    close: () => {
      for (const caller of callers.values()) caller.close()
    },
  }
}
