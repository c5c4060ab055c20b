import { generateKeyPairSync } from 'node:crypto'
import type { TokenAlgorithm } from '../../apiserver/authentication/token-keys.ts'
import { startHttpServer } from '../../apiserver/http/http-server.ts'
import { realHost } from '../../base/host/real-host.ts'
import { LoginService } from '../../login/login-service.ts'
import { type KeyMaker, SigningKeys } from '../../login/oidc/signing-keys.ts'
import { followCertificates } from '../access/follow-certificates.ts'
import { commonFlags, servingFlags } from '../components/flags/common-flags.ts'
import { int, path, text } from '../components/flags/flag-types.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { readFlagFile, readPair } from '../components/read-pem.ts'
import type { Component } from '../components/run-component.ts'
import { tlsOptions } from '../components/tls-options.ts'
import { generateKey, privateKeyPem } from '../pki/certificate.ts'
import { tokenKeys } from '../pki/token-keys.ts'
import { keyFolder } from './key-folder.ts'
import { loginConfig } from './login-config.ts'

const { 'cert-dir': _certificateFolder, ...tlsFlags } = servingFlags('')

const flags = {
  ...commonFlags,
  ...tlsFlags,
  config: path('The LoginConfiguration: issuer, clients and directories.'),
  'key-dir': path('Where the keys are kept that sign tokens; theirs alone.'),
  'bind-address': text('The address to listen on.', '0.0.0.0'),
  'secure-port': int('The port to listen on; 0: any that is free.', 5556, { min: 0, max: 65_535 }),
}

/** What a form, a SAML response or a token request needs at most. */
const limits = { maxBodyBytes: 512 * 1024, maxHeaderBytes: 64 * 1024 }
const closeGraceMs = 1_000
const rsaBits = 2048

const keyMaker = (algorithm: TokenAlgorithm): KeyMaker => ({
  make: () =>
    privateKeyPem(
      algorithm === 'ES256'
        ? generateKey()
        : generateKeyPairSync('rsa', { modulusLength: rsaBits }).privateKey,
    ),
  use: (pem) => tokenKeys(pem),
})

/** Throws FlagError for a flag that is missing. */
function needed(values: Readonly<Record<string, unknown>>, name: keyof typeof flags): string {
  const value = values[name]
  if (typeof value !== 'string') throw new FlagError(`--${name} must be given`)
  return value
}

/** Logs people of a directory in, for API servers that trust it as an OpenID Connect issuer. */
export const loginServer: Component<typeof flags> = {
  program: 'timonel login-server',
  flags,
  start: async (values, { logger, stops }) => {
    const [config, folder] = [needed(values, 'config'), needed(values, 'key-dir')]
    const [certificate, key] = [needed(values, 'tls-cert-file'), needed(values, 'tls-private-key-file')]
    const serving = readPair(['tls-cert-file', 'tls-private-key-file'], [certificate, key])
    if (serving === undefined) throw new FlagError('--tls-cert-file and --tls-private-key-file must be given')
    const { settings, algorithm } = loginConfig(readFlagFile('config', config) ?? '', config)
    const common = { host: realHost, logger }
    const keys = new SigningKeys({
      ...{ ...common, store: keyFolder(folder), maker: keyMaker(algorithm), times: settings.keyTimes },
    })
    stops.push(() => keys.stop())
    const service = new LoginService({ ...common, settings, keys })
    const server = await startHttpServer({
      ...{ ...common, ...serving, limits, handler: service.handle },
      address: values['bind-address'],
      port: values['secure-port'],
      tls: tlsOptions(values),
    })
    stops.push(() => server.close(closeGraceMs))
    stops.push(
      followCertificates({ serving: { certificate, key } }, logger, (read) => {
        if (read.serving !== undefined) server.replaceCertificates(read.serving)
      }),
    )
    logger.info('logging people in', { issuer: settings.issuer, address: server.address, port: server.port })
  },
}
