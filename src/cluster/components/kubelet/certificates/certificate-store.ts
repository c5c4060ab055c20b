import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemBlocks } from '../../read-pem.ts'

/** A certificate with those between, and its key, PEM. */
export interface StoredCertificate {
  readonly certificatePem: string
  readonly keyPem: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

const isKey = (block: string): boolean => /BEGIN (?:\w+ )?PRIVATE KEY/.test(block)

/** Throws an Error for a text that is no certificate with its key. */
export function parseKept(text: string): StoredCertificate {
  const blocks = pemBlocks(text)
  const [first] = blocks.filter((block) => !isKey(block))
  const keyPem = blocks.find(isKey)
  if (first === undefined || keyPem === undefined) throw new Error('there is no certificate with its key')
  const { validFromDate, validToDate } = new X509Certificate(first)
  return {
    certificatePem: blocks.filter((block) => !isKey(block)).join(''),
    keyPem,
    notBeforeMs: validFromDate.getTime(),
    notAfterMs: validToDate.getTime(),
  }
}

/** Certificates of one purpose, each in a file of its own; a link names the one that counts. */
export class CertificateStore {
  readonly #folder: string
  readonly #name: string

  /** `name`: `kubelet-client` */
  constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
    mkdirSync(folder, { recursive: true, mode: 0o755 })
  }

  /** Of the one that counts; holds both the certificate and the key. */
  get path(): string {
    return join(this.#folder, `${this.#name}-current.pem`)
  }

  /** Undefined where there is none that can be read. */
  current(): StoredCertificate | undefined {
    if (!existsSync(this.path)) return undefined
    try {
      return parseKept(readFileSync(this.path, 'utf8'))
    } catch {
      return undefined
    }
  }

  /** From now on this one counts. `nowMs` names its file. */
  keep(certificatePem: string, keyPem: string, nowMs: number): StoredCertificate {
    const kept = parseKept(certificatePem + keyPem)
    const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-').replace('T', '-')
    const file = `${this.#name}-${stamp}.pem`
    writeFileSync(join(this.#folder, file), certificatePem + keyPem, { mode: 0o600 })
    const link = `${this.path}.new`
    rmSync(link, { force: true })
    symlinkSync(file, link)
    renameSync(link, this.path)
    return kept
  }
}
