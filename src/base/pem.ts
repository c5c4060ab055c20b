import { decodeBase64, encodeBase64 } from './base64.ts'

/** One block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE` */
  readonly type: string
  /** True: lines such as `Proc-Type: 4,ENCRYPTED` precede its contents. */
  readonly hasHeaders: boolean
  readonly bytes: Uint8Array
}

const block = /^-----BEGIN ([^\n]*?)-----[ \t]*\r?\n([\s\S]*?)^-----END \1-----[ \t]*\r?$/gm
const header = /^[^\n:]+:[^\n]*(?:\n|$)/
const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** The blocks of a text in their order; what is no block, or holds no base64, is passed over. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = []
  for (const [, type = '', contents = ''] of text.matchAll(block)) {
    let rest = contents
    while (header.test(rest)) rest = rest.replace(header, '')
    const data = rest.replace(/\s+/g, '')
    if (!base64.test(data) || data.length % 4 !== 0) continue
    blocks.push({ type, hasHeaders: rest !== contents, bytes: decodeBase64(data) })
  }
  return blocks
}

const line = /.{1,64}/g

/** One block; `label` is its type. */
export const toPem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(encodeBase64(bytes).match(line) ?? []).join('\n')}\n-----END ${label}-----\n`
