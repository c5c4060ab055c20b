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
  /** What is shown to kubelets, and to extension API servers. */
  readonly kubeletClient?: PairFiles
  readonly frontProxyClient?: PairFiles
}

/** What is in the files, PEM. */
export interface ReadCertificates {
  readonly serving?: KeyPair
  readonly named?: readonly NamedCertificate[]
  readonly client?: string
  readonly frontProxy?: string
  readonly kubeletClient?: KeyPair
  readonly frontProxyClient?: KeyPair
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

type NamedReads = readonly (() => NamedCertificate)[]

/** Reads each part by itself: `of` may give what was there before in place of what cannot be used. */
function readParts(
  { serving, named, client, frontProxy, kubeletClient, frontProxyClient }: CertificateFiles,
  of: <T>(part: string, read: () => T) => T,
): ReadCertificates {
  const reads: NamedReads | undefined = named?.map(({ names, ...pair }) => () => ({
    ...readPair(pair),
    names,
  }))
  return {
    ...(serving === undefined ? {} : { serving: of('serving', () => readPair(serving)) }),
    ...(reads === undefined ? {} : { named: reads.map((read, index) => of(`named ${index}`, read)) }),
    ...(client === undefined ? {} : { client: of('client', () => readAuthorities(client)) }),
    ...(frontProxy === undefined ? {} : { frontProxy: of('front proxy', () => readAuthorities(frontProxy)) }),
    ...(kubeletClient === undefined
      ? {}
      : { kubeletClient: of('kubelet client', () => readPair(kubeletClient)) }),
    ...(frontProxyClient === undefined
      ? {}
      : { frontProxyClient: of('front proxy client', () => readPair(frontProxyClient)) }),
  }
}

/** Throws an Error for what cannot be used. */
export const readCertificates = (files: CertificateFiles): ReadCertificates =>
  readParts(files, (_part, read) => read())

/**
 * Applies what files hold whenever it changes to something that can be used; what cannot be used stays as it was, and
 * holds up nothing else. Returns what stops it.
 */
export function followCertificates(
  files: CertificateFiles,
  logger: Logger,
  apply: (read: ReadCertificates) => void,
): () => void {
  const { serving, named = [], kubeletClient, frontProxyClient } = files
  const pairs = [serving, ...named, kubeletClient, frontProxyClient].flatMap((pair) => [
    pair?.certificate,
    pair?.key,
  ])
  const paths = [...pairs, files.client, files.frontProxy].filter((path) => path !== undefined)
  const good = new Map<string, unknown>()
  /** What was there before is of the part's own type. */
  const lastGood = <T>(part: string, read: () => T): T => {
    try {
      const value = read()
      good.set(part, value)
      return value
    } catch (error) {
      if (!good.has(part)) throw error
      logger.warn('a certificate cannot be loaded: that of before stays', { part, error })
      return good.get(part) as T
    }
  }
  let known = JSON.stringify(readParts(files, lastGood))
  const look = (): void => {
    const current = readParts(files, lastGood)
    const text = JSON.stringify(current)
    if (text === known) return
    try {
      apply(current)
      known = text
      logger.info('certificates have been loaded anew', { files: paths })
    } catch (error) {
      logger.warn('certificates cannot be used: those of before stay', { files: paths, error })
    }
  }
  const stops = [...new Set(paths)].map((path) => watchFile(path, look))
  return () => {
    for (const stop of stops) stop()
  }
}
