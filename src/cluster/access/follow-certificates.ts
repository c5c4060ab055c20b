import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { NamedCertificate } from '../../apiserver/http/named-certificates.ts'
import type { Logger } from '../../base/logger.ts'
import { pemBlocks } from '../components/read-pem.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { watchFile } from './watch-file.ts'

export interface PairFiles {
  readonly certificate: string
  readonly key: string
}

export interface NamedPairFiles extends PairFiles {
  /** None: those in the certificate. */
  readonly names: readonly string[]
}

/** Where a server's certificates are, by their paths; what is absent is in no file. */
export interface CertificateFiles {
  readonly serving?: PairFiles
  /** For clients that ask for one of some names. */
  readonly named?: readonly NamedPairFiles[]
  /** Authorities of clients. */
  readonly client?: string
  readonly frontProxy?: string
}

/** What is in the files, PEM. */
export interface ReadCertificates {
  readonly serving?: KeyPair
  readonly named?: readonly NamedCertificate[]
  readonly client?: string
  readonly frontProxy?: string
}

/** Throws an Error for a file without a certificate. */
function readAuthorities(file: string): string {
  const pem = readFileSync(file, 'utf8')
  const blocks = pemBlocks(pem)
  if (blocks.length === 0) throw new Error(`${file} holds no certificate`)
  for (const block of blocks) new X509Certificate(block)
  return pem
}

/** Throws an Error where the key is not the certificate's: one of both may have been written and the other not yet. */
function readPair({ certificate, key }: PairFiles): KeyPair {
  const [certificatePem, keyPem] = [readFileSync(certificate, 'utf8'), readFileSync(key, 'utf8')]
  if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error(`${key} is not the key of ${certificate}`)
  return { certificatePem, keyPem }
}

/** Throws an Error for what cannot be used. */
export const readCertificates = ({
  serving,
  named,
  client,
  frontProxy,
}: CertificateFiles): ReadCertificates => ({
  ...(serving === undefined ? {} : { serving: readPair(serving) }),
  ...(named === undefined
    ? {}
    : { named: named.map((files) => ({ ...readPair(files), names: files.names })) }),
  ...(client === undefined ? {} : { client: readAuthorities(client) }),
  ...(frontProxy === undefined ? {} : { frontProxy: readAuthorities(frontProxy) }),
})

/** Applies what files hold whenever it changes to something that can be used. Returns what stops it. */
export function followCertificates(
  files: CertificateFiles,
  logger: Logger,
  apply: (read: ReadCertificates) => void,
): () => void {
  const pairs = [files.serving, ...(files.named ?? [])].flatMap((pair) => [pair?.certificate, pair?.key])
  const paths = [...pairs, files.client, files.frontProxy].filter((path) => path !== undefined)
  let known = JSON.stringify(readCertificates(files))
  const look = (): void => {
    try {
      const current = readCertificates(files)
      const text = JSON.stringify(current)
      if (text === known) return
      apply(current)
      known = text
      logger.info('certificates have been loaded anew', { files: paths })
    } catch (error) {
      logger.warn('certificates cannot be loaded: those of before stay', { files: paths, error })
    }
  }
  const stops = [...new Set(paths)].map((path) => watchFile(path, look))
  return () => {
    for (const stop of stops) stop()
  }
}
