import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CachedObject } from '../cache/cached-object.ts'
import { Layout } from '../cache/layout.ts'
import { Blocks } from './blocks.ts'
import { ItemSource } from './item-source.ts'
import { concatenate, encodeText } from './json-text.ts'
import { type ListSource, PieceSource, wholeOf } from './list-source.ts'
import { type Row, RowSource } from './row-source.ts'

const layout = new Layout({ group: 'policy', version: 'v1', kind: 'PodDisruptionBudget' })
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Read with chunks of these sizes in turn. */
function read(source: ListSource, sizes: readonly number[]): string {
  const parts: Uint8Array[] = []
  for (let index = 0; ; index++) {
    const chunk = new Uint8Array(sizes[index % sizes.length] ?? 1)
    const used = source.fill(chunk)
    if (used === 0) return text(concatenate(parts))
    parts.push(chunk.subarray(0, used))
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 })
const names = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }), { maxLength: 30 })

test('ItemSource gives every object without its kind, whatever the chunks', () => {
  fc.assert(
    fc.property(names, sizes, (all, chunks) => {
      const objects = all.map((name) => ({ metadata: { name } }))
      const records = objects.map((object, index) => {
        const { bytes } = layout.serve(layout.store(object).bytes, 0, index + 1)
        return new CachedObject(`${index}`, index + 1, bytes, 0, undefined)
      })
      const source = new ItemSource({
        records,
        bytes: ({ bytes }) => bytes,
        itemStart: layout.itemStart,
        head: encodeText('{"items":'),
        tail: encodeText(']}'),
      })
      const items = all.map((name, index) => ({ metadata: { resourceVersion: `${index + 1}`, name } }))
      expect(JSON.parse(read(source, chunks))).toEqual({ items })
    }),
  )
})

test('RowSource gives every row, whatever the chunks', () => {
  const row = fc.record({ cell: fc.string({ unit: 'grapheme', maxLength: 80 }), shown: fc.nat(2) })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), sizes, (all, chunks) => {
      const rows = new Map<CachedObject, Row>()
      for (const [index, { cell, shown }] of all.entries()) {
        const record = new CachedObject(`${index}`, 1, new Uint8Array(), 0, undefined)
        const head = `{"cells":[${JSON.stringify(cell)}]`
        const object = encodeText(JSON.stringify({ cell }))
        if (shown === 0) rows.set(record, { head: `${head}}` })
        else if (shown === 1) rows.set(record, { head: `${head},"object":`, object, braces: 1 })
        else rows.set(record, { head: `${head},"object":{"partial":`, object, braces: 2 })
      }
      const source = new RowSource({
        records: [...rows.keys()],
        row: (record) => rows.get(record) ?? { head: '' },
        head: encodeText('{"rows":'),
        tail: encodeText(']}'),
      })
      const expected = all.map(({ cell, shown }) => {
        const object = shown === 1 ? { cell } : { partial: { cell } }
        return { cells: [cell], ...(shown === 0 ? {} : { object }) }
      })
      expect(JSON.parse(read(source, chunks))).toEqual({ rows: expected })
    }),
  )
})

test('PieceSource and wholeOf give what pieces hold, whatever the chunks', () => {
  fc.assert(
    fc.property(names, sizes, fc.integer({ min: 1, max: 300 }), (all, chunks, expectedBytes) => {
      const pieces = all.map(encodeText)
      expect(read(new PieceSource(pieces), chunks)).toBe(all.join(''))
      expect(text(concatenate(wholeOf(new PieceSource(pieces), expectedBytes)))).toBe(all.join(''))
    }),
  )
})

test('Blocks give back what was added, once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(700_000), { maxLength: 8 }), (lengths) => {
      const blocks = new Blocks()
      const pieces = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
      for (const piece of pieces) blocks.add(piece)
      const all = concatenate(pieces)
      expect(blocks.bytes).toBe(all.length)
      const head = Uint8Array.of(9)
      expect(Buffer.compare(concatenate([...blocks.taken(head)]), concatenate([head, all]))).toBe(0)
      expect(concatenate([...blocks.taken(head)])).toEqual(head)
    }),
    { numRuns: 20 },
  )
})
