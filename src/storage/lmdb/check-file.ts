import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { StorageCorruptError } from '../storage.ts'

/**
 * Looks at a file before LMDB maps it: LMDB trusts its page numbers, and a page beyond the end of the file would
 * kill the process. Layout: liblmdb's mdb.c, MDB_meta, MDB_page_header and MDB_node of data version 2.
 */
const magic = 0xbeefc0de
const dataVersion = 2

const headerBytes = 24
const metaEnd = headerBytes + 144
const treeBytes = 48
const noPage = 2 ** 64
const branchFlag = 0x01
const leafFlag = 0x02
const bigDataFlag = 0x01
const subTreeFlag = 0x02
const nodeHeaderBytes = 8
const pageSizeOffset = 48
const lastPageOffset = 144
const transactionOffset = 152
/** A tree over a file that this program can map is not deeper. */
const maxDepth = 32

interface Meta {
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: number
  /** Root pages of the tree of free pages and of the main one. */
  readonly roots: readonly number[]
}

/** Throws StorageCorruptError, naming the file, unless it is absent, empty or a whole LMDB file. */
export function checkFile(path: string): void {
  if (!existsSync(path)) return
  const descriptor = openSync(path, 'r')
  try {
    const size = fstatSync(descriptor).size
    if (size > 0) new FileCheck(path, descriptor, size).run()
  } finally {
    closeSync(descriptor)
  }
}

class FileCheck {
  readonly #path: string
  readonly #descriptor: number
  readonly #size: number
  #pageSize = 0

  constructor(path: string, descriptor: number, size: number) {
    this.#path = path
    this.#descriptor = descriptor
    this.#size = size
  }

  run(): void {
    const first = this.#meta(0)
    const second = this.#meta(first.pageSize)
    const { pageSize, lastPage, roots } = second.transaction > first.transaction ? second : first
    this.#pageSize = pageSize
    // The file may be shorter while the pages at its end are free, or it has been cut.
    if (this.#size < (lastPage + 1) * pageSize) for (const root of roots) this.#walk(root, 0)
  }

  #meta(offset: number): Meta {
    const bytes = this.#read(offset, metaEnd)
    if (bytes.readUInt32LE(headerBytes) !== magic) throw this.#damage('is not a store file')
    const version = bytes.readUInt32LE(headerBytes + 4)
    if (version !== dataVersion) throw this.#damage(`has LMDB's data version ${version}, not ${dataVersion}`)
    const pageSize = bytes.readUInt32LE(pageSizeOffset)
    if (pageSize < 256 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) {
      throw this.#damage(`has pages of ${pageSize} bytes`)
    }
    return {
      pageSize,
      lastPage: Number(bytes.readBigUInt64LE(lastPageOffset)),
      transaction: Number(bytes.readBigUInt64LE(transactionOffset)),
      roots: [0, 1].map((tree) => rootOf(bytes, pageSizeOffset + tree * treeBytes)),
    }
  }

  #walk(page: number, depth: number): void {
    if (page === noPage) return
    if (depth > maxDepth) throw this.#damage('has a tree without end')
    const bytes = this.#read(page * this.#pageSize, this.#pageSize)
    const flags = bytes.readUInt16LE(18)
    if ((flags & (branchFlag | leafFlag)) === 0) throw this.#damage(`has no tree at page ${page}`)
    const count = bytes.readUInt16LE(20) >> 1
    for (let index = 0; index < count; index++) {
      const node = headerBytes + bytes.readUInt16LE(headerBytes + 2 * index)
      if (node + nodeHeaderBytes > this.#pageSize) throw this.#damage(`has a bad node in page ${page}`)
      if ((flags & branchFlag) !== 0) this.#walk(bytes.readUIntLE(node, 6), depth + 1)
      else this.#checkLeaf(bytes, node, depth)
    }
  }

  #checkLeaf(bytes: Buffer, node: number, depth: number): void {
    const flags = bytes.readUInt16LE(node + 4)
    const data = node + nodeHeaderBytes + bytes.readUInt16LE(node + 6)
    if ((flags & bigDataFlag) !== 0) {
      const firstPage = Number(bytes.readBigUInt64LE(data))
      const pages = Number(bytes.readBigUInt64LE(data + 16))
      if ((firstPage + pages) * this.#pageSize > this.#size) throw this.#cut()
    } else if ((flags & subTreeFlag) !== 0) this.#walk(rootOf(bytes, data), depth + 1)
  }

  #read(offset: number, length: number): Buffer {
    if (offset + length > this.#size) throw this.#cut()
    const bytes = Buffer.alloc(length)
    if (readSync(this.#descriptor, bytes, 0, length, offset) < length) throw this.#cut()
    return bytes
  }

  #cut(): StorageCorruptError {
    return this.#damage('is truncated')
  }

  #damage(what: string): StorageCorruptError {
    return new StorageCorruptError(`${this.#path} ${what}`)
  }
}

const rootOf = (bytes: Buffer, tree: number): number => Number(bytes.readBigUInt64LE(tree + treeBytes - 8))
