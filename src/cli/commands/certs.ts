import { dataDirectory } from '../../cluster/index.ts'
import { keptCertificates } from '../../cluster/pki/kept-certificates.ts'
import { renewClusterCertificates } from '../../cluster/renew-certificates.ts'
import { chosenDirectory } from '../chosen-directory.ts'

export interface CertsOptions {
  readonly dataDir?: string
}

const dayMs = 24 * 3_600_000

const remaining = (ms: number): string => (ms <= 0 ? 'expired' : `${Math.floor(ms / dayMs)}d`)

/** `within` is in milliseconds. */
export async function checkCertificates(options: CertsOptions & { readonly within: number }): Promise<void> {
  const all = keptCertificates(dataDirectory(chosenDirectory(options.dataDir)).pki)
  const nowMs = Date.now()
  const rows = all.map(({ name, subject, signedBy, notAfterMs }) => [
    name,
    new Date(notAfterMs).toISOString().slice(0, 16).replace('T', ' '),
    remaining(notAfterMs - nowMs),
    signedBy ?? '-',
    subject,
  ])
  const table = [['CERTIFICATE', 'EXPIRES', 'REMAINING', 'AUTHORITY', 'SUBJECT'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)))
  const lines = table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
  process.stdout.write(`${lines.join('\n')}\n`)
  if (all.some(({ notAfterMs }) => notAfterMs - nowMs <= options.within)) process.exitCode = 1
}

export async function renew(options: CertsOptions): Promise<void> {
  const names = renewClusterCertificates(chosenDirectory(options.dataDir))
  process.stdout.write(
    `Renewed for a year: ${names.join(', ')}.\nA running cluster shows them at once; whoever has a copy of the old kubeconfig needs the new one: "timonel kubeconfig".\n`,
  )
}
