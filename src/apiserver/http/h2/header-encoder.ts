import type { OutgoingHeaders } from '../outgoing.ts'
import { staticCount, staticIndexOf } from './header-tables.ts'
import { defaultTableBytes } from './protocol.ts'

/** Fields that have few values, which a connection repeats. Nothing secret may be here (RFC 7541 §7.1). */
const repeated: ReadonlySet<string> = new Set(['cache-control', 'content-type', 'content-encoding', 'vary'])
/** That many different ones get a place; nothing is ever evicted. */
const maxPlaces = 16
const maxPlacedLength = 96

const statusIndices: Readonly<Record<number, number>> = {
  200: 8,
  204: 9,
  206: 10,
  304: 11,
  400: 12,
  404: 13,
  500: 14,
}
/** Up to this a call into native code costs more than the characters. */
const shortLength = 64
/** For prefixes, lengths and indices of one field. */
const fieldOverheadBytes = 12

/** HPACK (RFC 7541), the writing side of one connection. */
export class HeaderEncoder {
  readonly #names: string[] = []
  readonly #values: string[] = []
  #usesTable = true
  #announceNoTable = false
  #target: Buffer = Buffer.alloc(0)
  #at = 0

  /** What the peer's settings allow. */
  limitTable(bytes: number): void {
    if (bytes >= defaultTableBytes || !this.#usesTable) return
    this.#usesTable = false
    this.#announceNoTable = true
  }

  /** What `write` takes, at most. */
  bound(headers: OutgoingHeaders): number {
    let bytes = fieldOverheadBytes
    for (const name in headers) {
      const value = headers[name]
      if (typeof value === 'string') bytes += name.length + value.length + fieldOverheadBytes
      else for (const one of value ?? []) bytes += name.length + one.length + fieldOverheadBytes
    }
    return bytes
  }

  /** Writes a response's header block; gives where it ends. Names are in lower case, values in latin1. */
  write(target: Buffer, at: number, status: number, headers: OutgoingHeaders): number {
    this.#target = target
    this.#at = at
    if (this.#announceNoTable) target[this.#at++] = 0x20
    this.#announceNoTable = false
    const index = statusIndices[status]
    if (index === undefined) {
      this.#integer(0, 4, 8)
      this.#string(String(status))
    } else target[this.#at++] = 0x80 | index
    for (const name in headers) {
      const value = headers[name]
      if (typeof value === 'string') this.#field(name, value)
      else for (const one of value ?? []) this.#field(name, one)
    }
    return this.#at
  }

  #field(name: string, value: string): void {
    if (this.#usesTable && repeated.has(name) && this.#placed(name, value)) return
    const index = staticIndexOf.get(name) ?? 0
    this.#integer(0, 4, index)
    if (index === 0) this.#string(name)
    this.#string(value)
  }

  #placed(name: string, value: string): boolean {
    const values = this.#values
    for (let place = 0; place < values.length; place++) {
      if (values[place] !== value || this.#names[place] !== name) continue
      this.#integer(0x80, 7, staticCount + values.length - place)
      return true
    }
    if (values.length === maxPlaces || value.length > maxPlacedLength) return false
    this.#integer(0x40, 6, staticIndexOf.get(name) ?? 0)
    this.#string(value)
    this.#names.push(name)
    values.push(value)
    return true
  }

  /** RFC 7541 §5.1. */
  #integer(pattern: number, prefixBits: number, value: number): void {
    const mask = (1 << prefixBits) - 1
    if (value < mask) {
      this.#target[this.#at++] = pattern | value
      return
    }
    this.#target[this.#at++] = pattern | mask
    let rest = value - mask
    while (rest >= 0x80) {
      this.#target[this.#at++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.#target[this.#at++] = rest
  }

  #string(text: string): void {
    this.#integer(0, 7, text.length)
    const target = this.#target
    let at = this.#at
    if (text.length <= shortLength) {
      for (let index = 0; index < text.length; index++) target[at++] = text.charCodeAt(index)
    } else at += target.write(text, at, 'latin1')
    this.#at = at
  }
}
