import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../../base/host.ts'
import { issueCertificate, type KeyPair, type Subject } from './certificate.ts'
import { altNames, leafLife } from './ensure-pki.ts'
import { KeyFiles } from './key-files.ts'

/** One certificate of a cluster's folder. */
export interface KeptCertificate {
  /** `apiserver`, `nodes/node-1-client` */
  readonly name: string
  /** `CN=…, O=…` */
  readonly subject: string
  /** The name of the authority that has signed it; undefined for an authority itself. */
  readonly signedBy: string | undefined
  readonly notAfterMs: number
}

/** A file that is written once all certificates are others, for a cluster that runs. */
export const renewedMark = 'renewed'

const clientUsage = '1.3.6.1.5.5.7.3.2'

interface Found {
  readonly name: string
  readonly certificate: X509Certificate
  readonly pem: string
}

function find(directory: string): readonly Found[] {
  if (!existsSync(directory)) throw new Error(`there is no cluster yet (${directory} is missing)`)
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.crt'))
    .map((file) => file.slice(0, -'.crt'.length))
    .sort()
    .map((name) => {
      const pem = readFileSync(join(directory, `${name}.crt`), 'utf8')
      return { name, pem, certificate: new X509Certificate(pem) }
    })
}

const signerOf = (found: readonly Found[], { certificate }: Found): Found | undefined =>
  found.find((other) => other.certificate.ca && certificate.verify(other.certificate.publicKey))

/** All certificates of a cluster's folder, authorities first. Throws an Error where there is none, or one cannot be read. */
export function keptCertificates(directory: string): readonly KeptCertificate[] {
  const found = find(directory)
  return found
    .toSorted((left, right) => Number(right.certificate.ca) - Number(left.certificate.ca))
    .map((each) => ({
      name: each.name,
      subject: each.certificate.subject.split('\n').toReversed().join(', '),
      signedBy: each.certificate.ca ? undefined : signerOf(found, each)?.name,
      notAfterMs: each.certificate.validToDate.getTime(),
    }))
}

function subjectOf({ subject }: X509Certificate): Subject {
  const parts = subject.split('\n')
  const of = (kind: string): readonly string[] =>
    parts.filter((part) => part.startsWith(`${kind}=`)).map((part) => part.slice(kind.length + 1))
  return { commonName: of('CN')[0] ?? '', organizations: of('O') }
}

/** Issues every certificate that an authority of the folder has signed anew, for a year, with another key. Authorities stay. Gives the names. */
export function renewCertificates(directory: string, host: Host): readonly string[] {
  const files = new KeyFiles(directory)
  const found = find(directory)
  const renewed = found.flatMap((each) => {
    const signer = each.certificate.ca ? undefined : signerOf(found, each)
    const signerKey = signer === undefined ? undefined : files.read(`${signer.name}.key`)
    if (signer === undefined || signerKey === undefined) return []
    const authority: KeyPair = { certificatePem: signer.pem, keyPem: signerKey }
    const isClient = (each.certificate.keyUsage ?? []).includes(clientUsage)
    const { certificatePem, keyPem } = issueCertificate(authority, {
      subject: subjectOf(each.certificate),
      usages: [isClient ? 'client' : 'server'],
      names: altNames(each.certificate),
      ...leafLife(host.now()),
    })
    files.write(`${each.name}.key`, keyPem)
    files.write(`${each.name}.crt`, certificatePem)
    return [each.name]
  })
  files.write(renewedMark, `${new Date(host.now()).toISOString()}\n`)
  return renewed
}
