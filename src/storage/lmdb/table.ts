import type { Transaction } from 'lmdb'

export interface TableRange<K> {
  readonly start: K
  readonly transaction?: Transaction
}

/** What this store uses of lmdb's Database: one table of the file. */
export interface Table<K, V = Buffer> {
  /** A copy. */
  get(key: K): V | undefined
  /** Lent: overwritten by the next read of any table. */
  getBinaryFast(key: K, options?: { readonly transaction: Transaction }): Buffer | undefined
  /** Ascending by the bytes of the keys; keys and values are copies. */
  getRange(range: TableRange<K>): Iterable<{ readonly key: K; readonly value: V }>
  /** Takes effect with the batch; `value` must stay as it is until then. `append`: the key is the greatest. */
  put(key: K, value: V, options?: { readonly append: boolean }): Promise<boolean>
  remove(key: K): Promise<boolean>
  putSync(key: K, value: V): unknown
  removeSync(key: K): unknown
  getStats(): object
}
