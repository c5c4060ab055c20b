import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { FakeSink } from '../testing/fake-sink.ts'
import { ChunkPool } from './chunk-pool.ts'
import { PieceSource } from './list-source.ts'
import { PackedStream } from './packed-stream.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await realHost.nextTurn()
}

test('PackedStream has the more on its way the more has been taken', async () => {
  const sink = new FakeSink()
  new PackedStream(
    realHost,
    silentLogger,
    new ChunkPool(),
    new PieceSource([new Uint8Array(4_000_000)]),
  ).start(sink)
  await settle()
  expect(sink.written).toEqual([16 * 1024])
  const underWay: number[] = []
  for (let taken = 1; sink.ended === 'no'; taken++) {
    sink.take()
    await settle()
    underWay.push(sink.written.length - taken)
  }
  expect(underWay.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 8])
  expect(sink.bufferedBytes).toBe(4_000_000)
})
