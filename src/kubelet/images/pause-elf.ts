import { assert } from '../../base/assert.ts'

/** Processors under their OCI names. */
export type Architecture = 'amd64' | 'arm64'

const loadAddress = 0x400000
const headerBytes = 64
const programHeaderBytes = 56
const codeOffset = headerBytes + programHeaderBytes
const segmentAlignment = 0x10000

/** The signals that it waits for: bits of SIGINT (2), SIGTERM (15) and SIGCHLD (17). */
const signalMask = (1n << 1n) | (1n << 14n) | (1n << 16n)
const sigchld = 17

/**
 * The program that holds a pod's sandbox open, as a whole executable file of some 300 bytes. It blocks its
 * signals, waits for one (rt_sigtimedwait), collects every child that has ended when it is SIGCHLD — as process 1
 * of a shared PID namespace it inherits them — and exits on SIGINT and SIGTERM.
 */
export function pauseElf(architecture: Architecture): Uint8Array {
  const code = architecture === 'amd64' ? amd64Code() : arm64Code()
  const file = new Uint8Array(codeOffset + code.length)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, architecture === 'amd64' ? 62 : 183, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, BigInt(loadAddress + codeOffset), true)
  view.setBigUint64(32, BigInt(headerBytes), true)
  view.setUint16(52, headerBytes, true)
  view.setUint16(54, programHeaderBytes, true)
  view.setUint16(56, 1, true)
  const readable = 4
  const executable = 1
  view.setUint32(headerBytes, 1, true)
  view.setUint32(headerBytes + 4, readable | executable, true)
  view.setBigUint64(headerBytes + 16, BigInt(loadAddress), true)
  view.setBigUint64(headerBytes + 24, BigInt(loadAddress), true)
  view.setBigUint64(headerBytes + 32, BigInt(file.length), true)
  view.setBigUint64(headerBytes + 40, BigInt(file.length), true)
  view.setBigUint64(headerBytes + 48, BigInt(segmentAlignment), true)
  file.set(code, codeOffset)
  return file
}

/** Bytes with places that are filled in once it is known where their labels are. */
class Assembler {
  readonly bytes: number[] = []
  readonly #labels = new Map<string, number>()
  readonly #fixups: (() => void)[] = []

  emit(...bytes: readonly number[]): this {
    this.bytes.push(...bytes)
    return this
  }

  word(value: number): this {
    return this.emit(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff)
  }

  label(name: string): this {
    this.#labels.set(name, this.bytes.length)
    return this
  }

  /** Reserves four bytes; `encode` gets the distance from `from` to the label. */
  reference(name: string, from: number, encode: (distance: number) => number): this {
    const at = this.bytes.length
    this.word(0)
    this.#fixups.push(() => {
      const target = this.#labels.get(name)
      assert(target !== undefined, `no label ${name}`)
      const value = encode(target - from)
      for (let byte = 0; byte < 4; byte++) this.bytes[at + byte] = (value >>> (8 * byte)) & 0xff
    })
    return this
  }

  finish(): Uint8Array {
    this.label('mask')
    for (let byte = 0n; byte < 8n; byte++) this.emit(Number((signalMask >> (8n * byte)) & 0xffn))
    for (const fix of this.#fixups) fix()
    return Uint8Array.from(this.bytes)
  }
}

/** System calls as x86-64 numbers them: rt_sigprocmask 14, rt_sigtimedwait 128, wait4 61, exit 60. */
function amd64Code(): Uint8Array {
  const assembler = new Assembler()
  const syscall = (number: number): Assembler => assembler.emit(0xb8).word(number).emit(0x0f, 0x05)
  const clear = { edi: [0x31, 0xff], esi: [0x31, 0xf6], edx: [0x31, 0xd2], r10: [0x45, 0x31, 0xd2] } as const
  const setR10 = (value: number): Assembler => assembler.emit(0x41, 0xba).word(value)
  /** lea rsi|rdi, [rip + mask] */
  const maskInto = (register: 'rsi' | 'rdi'): Assembler => {
    assembler.emit(0x48, 0x8d, register === 'rsi' ? 0x35 : 0x3d)
    return assembler.reference('mask', assembler.bytes.length + 4, (distance) => distance)
  }
  /** jcc with a distance of 32 bits. */
  const jump = (condition: number, name: string): Assembler => {
    assembler.emit(0x0f, condition)
    return assembler.reference(name, assembler.bytes.length + 4, (distance) => distance)
  }
  const ifEqual = 0x84
  const ifNegative = 0x88
  const ifGreater = 0x8f
  maskInto('rsi').emit(...clear.edi, ...clear.edx)
  setR10(8)
  syscall(14)
  assembler.label('wait')
  maskInto('rdi').emit(...clear.esi, ...clear.edx)
  setR10(8)
  syscall(128).emit(0x83, 0xf8, sigchld)
  jump(ifEqual, 'reap').emit(0x85, 0xc0)
  jump(ifNegative, 'wait').emit(...clear.edi)
  syscall(60)
  assembler.label('reap').emit(0xbf).word(0xffffffff)
  assembler
    .emit(...clear.esi, 0xba)
    .word(1)
    .emit(...clear.r10)
  syscall(61).emit(0x85, 0xc0)
  jump(ifGreater, 'reap').emit(0xe9)
  assembler.reference('wait', assembler.bytes.length + 4, (distance) => distance)
  return assembler.finish()
}

/** System calls as AArch64 numbers them: rt_sigprocmask 135, rt_sigtimedwait 137, wait4 260, exit 93. */
function arm64Code(): Uint8Array {
  const assembler = new Assembler()
  const move = (register: number, value: number): Assembler =>
    assembler.word((0xd2800000 | (value << 5) | register) >>> 0)
  const minusOne = (register: number): Assembler => assembler.word((0x92800000 | register) >>> 0)
  const syscall = (number: number): Assembler => move(8, number).word(0xd4000001)
  /** adr */
  const maskInto = (register: number): Assembler =>
    assembler.reference('mask', assembler.bytes.length, (distance) => {
      const low = (distance & 3) << 29
      const high = ((distance >> 2) & 0x7ffff) << 5
      return (0x10000000 | low | high | register) >>> 0
    })
  const compare = (value: number): Assembler => assembler.word((0xf100001f | (value << 10)) >>> 0)
  const jump = (condition: number, name: string): Assembler =>
    assembler.reference(
      name,
      assembler.bytes.length,
      (distance) => (0x54000000 | (((distance >> 2) & 0x7ffff) << 5) | condition) >>> 0,
    )
  const equal = 0
  const negative = 4
  const greater = 12
  move(0, 0)
  maskInto(1)
  move(2, 0)
  move(3, 8)
  syscall(135)
  assembler.label('wait')
  maskInto(0)
  move(1, 0)
  move(2, 0)
  move(3, 8)
  syscall(137)
  compare(sigchld)
  jump(equal, 'reap')
  compare(0)
  jump(negative, 'wait')
  move(0, 0)
  syscall(93)
  assembler.label('reap')
  minusOne(0)
  move(1, 0)
  move(2, 1)
  move(3, 0)
  syscall(260)
  compare(0)
  jump(greater, 'reap')
  assembler.reference(
    'wait',
    assembler.bytes.length,
    (distance) => (0x14000000 | ((distance >> 2) & 0x3ffffff)) >>> 0,
  )
  return assembler.finish()
}
