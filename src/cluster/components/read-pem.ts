import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../base/host/real-host.ts'
import { messageOf } from '../../base/message-of.ts'
import { createAuthority, generateKey, issueCertificate, type KeyPair } from '../pki/certificate.ts'
import { FlagError } from './flags/parse-flags.ts'

/** A file that a flag names, where it names one. Throws FlagError. */
export function readFlagFile(flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new FlagError(`--${flag}: ${messageOf(error)}`)
  }
}

/** The certificate and key of two flags, both or none. Throws FlagError. */
export function readPair(
  [certificateFlag, keyFlag]: readonly [certificate: string, key: string],
  [certificateFile, keyFile]: readonly [certificate: string | undefined, key: string | undefined],
): KeyPair | undefined {
  const certificatePem = readFlagFile(certificateFlag, certificateFile)
  const keyPem = readFlagFile(keyFlag, keyFile)
  if (certificatePem === undefined && keyPem === undefined) return undefined
  if (certificatePem !== undefined && keyPem !== undefined) return { certificatePem, keyPem }
  throw new FlagError(`--${certificateFlag} and --${keyFlag} go together`)
}

/** Every PEM block of a text by itself. */
export const pemBlocks = (pem: string): readonly string[] =>
  [...pem.matchAll(/-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/g)].map(([block]) => `${block}\n`)

const yearMs = 365 * 24 * 60 * 60 * 1000

export interface SelfSigned {
  /** Where `<name>.crt` and `<name>.key` are kept; absent: nowhere. */
  readonly folder: string | undefined
  /** `apiserver` */
  readonly name: string
  /** Names and addresses that it serves. */
  readonly names: readonly string[]
}

function makeSelfSigned(names: readonly string[]): KeyPair {
  const nowMs = realHost.now()
  const life = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + yearMs }
  const commonName = `${hostname()}@${Math.floor(nowMs / 1000)}`
  const authority = createAuthority(generateKey(), {
    subject: { commonName: `${hostname()}-ca@${nowMs}` },
    ...life,
  })
  const pair = issueCertificate(authority, { subject: { commonName }, usages: ['server'], names, ...life })
  return { certificatePem: pair.certificatePem + authority.certificatePem, keyPem: pair.keyPem }
}

/** For another process that is writing a pair: so long, and so often looked. */
const maxWaitMs = 5_000
const lookMs = 20

/** A serving certificate with its own authority behind it, made where there is none: for a server that was given none. */
export function selfSigned({ folder, name, names }: SelfSigned): KeyPair {
  if (folder === undefined) return makeSelfSigned(names)
  const [certificateFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  if (!existsSync(keyFile)) keepPair(makeSelfSigned(names), folder, certificateFile, keyFile)
  for (let waitedMs = 0; !existsSync(certificateFile) && waitedMs < maxWaitMs; waitedMs += lookMs)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookMs)
  return { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') }
}

/** Servers that share a folder share a pair: the first that has its key there writes the certificate, too. */
function keepPair(made: KeyPair, folder: string, certificateFile: string, keyFile: string): void {
  mkdirSync(folder, { recursive: true })
  const [certificate, key] = [`${certificateFile}.${process.pid}`, `${keyFile}.${process.pid}`]
  writeFileSync(certificate, made.certificatePem)
  writeFileSync(key, made.keyPem, { mode: 0o600 })
  try {
    linkSync(key, keyFile)
    renameSync(certificate, certificateFile)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    rmSync(certificate)
  } finally {
    rmSync(key)
  }
}
